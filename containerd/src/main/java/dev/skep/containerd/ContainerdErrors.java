package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;

/** What containerd answers, as errors of ours. */
final class ContainerdErrors {
  static final String INSTALL = "on Debian: apt-get install containerd runc";

  private ContainerdErrors() {}

  /**
   * @param what was asked
   */
  static SkepException of(String what, Path socket, StatusRuntimeException e) {
    Code code =
        switch (e.getStatus().getCode()) {
          case NOT_FOUND -> Code.NOT_FOUND;
          case ALREADY_EXISTS -> Code.ALREADY_EXISTS;
          case FAILED_PRECONDITION, ABORTED -> Code.CONFLICT;
          case INVALID_ARGUMENT, OUT_OF_RANGE -> Code.INVALID;
          case PERMISSION_DENIED, UNAUTHENTICATED -> Code.FORBIDDEN;
          case RESOURCE_EXHAUSTED -> Code.EXHAUSTED;
          case UNIMPLEMENTED -> Code.UNSUPPORTED;
          case UNAVAILABLE, CANCELLED -> Code.UNAVAILABLE;
          case DEADLINE_EXCEEDED -> Code.TIMEOUT;
          case UNKNOWN -> connectionBroke(e) ? Code.UNAVAILABLE : Code.INTERNAL;
          case OK, INTERNAL, DATA_LOSS -> Code.INTERNAL;
        };
    String found = String.valueOf(e.getStatus().getDescription());
    return switch (code) {
      case UNAVAILABLE, TIMEOUT -> new SkepException(code, absent(what, socket, found), e);
      default -> new SkepException(code, what + ": " + found.replaceAll(": unknown$", ""), e);
    };
  }

  /** gRPC has no code of its own for one that closes while a request is being written. */
  private static boolean connectionBroke(StatusRuntimeException e) {
    return e.getStatus().getCause() instanceof IOException;
  }

  private static String absent(String what, Path socket, String found) {
    return "%s: containerd at %s does not answer: %s (expected: a containerd that runs; %s)"
        .formatted(what, socket, found, INSTALL);
  }
}
