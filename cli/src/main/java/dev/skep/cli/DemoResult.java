package dev.skep.cli;

/**
 * What the demo saw of one function.
 *
 * @param cold record of the start that its first request waited for
 * @param answer what the first request was answered
 * @param warm requests to the instance that was up
 * @param warmCallers requests at a time
 * @param burst requests of more callers than one instance may have inside
 * @param burstCallers requests at a time
 */
record DemoResult(
    DemoFunction function,
    Json cold,
    String answer,
    DemoLoad.Result warm,
    int warmCallers,
    DemoLoad.Result burst,
    int burstCallers) {
  /** Every request was answered. */
  boolean good() {
    return warm.failed() == 0 && burst.failed() == 0;
  }
}
