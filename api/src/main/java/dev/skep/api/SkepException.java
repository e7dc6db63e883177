package dev.skep.api;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of Skep: what was found, what was expected and, where there is one, what to do.
 *
 * <p>Expected outcomes are values; this is for what the caller asked wrongly or the host cannot
 * give. The code is mapped once to a Kubernetes {@code Status} (API server) and once to an exit
 * code (command line).
 */
public class SkepException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure this is, in the terms of the Kubernetes API. */
  public enum Code {
    /** The request is wrong whatever the state of the system. */
    INVALID,
    NOT_FOUND,
    ALREADY_EXISTS,
    /** The object changed since it was read. */
    CONFLICT,
    UNAUTHORIZED,
    FORBIDDEN,
    /** The requested version is no longer kept. */
    GONE,
    /** A part that is needed does not answer now; trying again may help. */
    UNAVAILABLE,
    TIMEOUT,
    /** Memory, disk, addresses or queue places have run out. */
    EXHAUSTED,
    /** This host cannot do it. */
    UNSUPPORTED,
    INTERNAL
  }

  private final Code code;

  public SkepException(Code code, String message) {
    this(code, message, null);
  }

  public SkepException(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public Code code() {
    return code;
  }
}
