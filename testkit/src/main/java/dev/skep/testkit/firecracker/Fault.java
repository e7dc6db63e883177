package dev.skep.testkit.firecracker;

/** What the API refuses, in Firecracker's words. */
final class Fault extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean fatal;

  private Fault(String message, boolean fatal) {
    super(message);
    this.fatal = fatal;
  }

  static Fault of(String message) {
    return new Fault(message, false);
  }

  /** Of a snapshot that cannot be loaded: the process ends after it. */
  static Fault fatal(String message) {
    return new Fault("Load snapshot error: Failed to restore from snapshot: " + message, true);
  }

  static Fault body(String message) {
    return of("An error occurred when deserializing the json body of a request: " + message);
  }

  boolean fatal() {
    return fatal;
  }
}
