package dev.skep.control;

import dev.skep.sandbox.StartFailure;

/** How far a revision has come; it is only left by going on, or by failing. */
sealed interface Deployment {
  /**
   * Its image is being made ready.
   *
   * @param progress for people
   */
  record Fetching(String progress) implements Deployment {}

  /** Its first instances start. */
  record Starting() implements Deployment {}

  /** It was ready once, and can get traffic. */
  record Ready() implements Deployment {}

  /** Its image or its first start failed; it may be tried again. */
  record Failed(StartFailure failure) implements Deployment {}
}
