package dev.skep.oci;

/** What can be told of the answer to a probe's question, as far as it has come. */
sealed interface Answer {
  /** Nothing yet. */
  record More() implements Answer {}

  /** Ready. */
  record Yes() implements Answer {}

  /**
   * Not ready.
   *
   * @param found and what was expected
   */
  record No(String found) implements Answer {}
}
