package dev.skep.sandbox;

/** What came of a step of a start. */
public sealed interface StartOutcome {
  /** The step worked. */
  record Ok(Sandbox sandbox) implements StartOutcome {}

  /** It did not, and everything it had made is gone again. */
  record Failed(StartFailure failure) implements StartOutcome {}
}
