package dev.skep.cli;

import dev.skep.api.SkepException.Code;

/** The one place where failures become exit codes; {@code skep help} prints the list. */
final class ExitCodes {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private ExitCodes() {}

  static int of(Code code) {
    return switch (code) {
      case INTERNAL -> FAILED;
      case INVALID -> USAGE;
      case NOT_FOUND, GONE -> 3;
      case UNAVAILABLE -> 4;
      case ALREADY_EXISTS, CONFLICT -> 5;
      case TIMEOUT -> 6;
      case UNAUTHORIZED, FORBIDDEN -> 7;
      case EXHAUSTED, UNSUPPORTED -> 8;
    };
  }

  static Code ofHttp(int status, String reason) {
    return switch (status) {
      case 400, 405, 415, 422 -> Code.INVALID;
      case 401 -> Code.UNAUTHORIZED;
      case 403 -> Code.FORBIDDEN;
      case 404 -> Code.NOT_FOUND;
      case 409 -> reason.equals("AlreadyExists") ? Code.ALREADY_EXISTS : Code.CONFLICT;
      case 410 -> Code.GONE;
      case 429, 507 -> Code.EXHAUSTED;
      case 501 -> Code.UNSUPPORTED;
      case 503 -> Code.UNAVAILABLE;
      case 408, 504 -> Code.TIMEOUT;
      default -> Code.INTERNAL;
    };
  }
}
