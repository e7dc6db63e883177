package dev.skep.microvm;

/**
 * One thing that this host can or cannot do.
 *
 * @param found what was seen, in one line
 * @param todo what to do about it; empty if nothing
 */
public record Capability(String name, Verdict verdict, String found, String todo) {
  /** Whether Skep can work with what was found. */
  public enum Verdict {
    OK,
    /** It works, but less well. */
    WARN,
    /** Functions cannot run without it. */
    MISSING
  }

  static Capability ok(String name, String found) {
    return new Capability(name, Verdict.OK, found, "");
  }

  static Capability warn(String name, String found, String todo) {
    return new Capability(name, Verdict.WARN, found, todo);
  }

  static Capability missing(String name, String found, String todo) {
    return new Capability(name, Verdict.MISSING, found, todo);
  }
}
