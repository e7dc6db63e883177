package dev.skep.cli;

import dev.skep.api.SkepException.Code;
import java.util.LinkedHashMap;
import java.util.Map;

/** The one place where failures become exit codes; {@code skep help} prints the list. */
final class ExitCodes {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private ExitCodes() {}

  /** For people, in order. */
  static Map<String, String> meanings() {
    var meanings = new LinkedHashMap<String, String>();
    meanings.put("0", "done");
    meanings.put("1", "failed: the function, the image or the daemon could not do it");
    meanings.put("2", "wrong usage or an invalid object");
    meanings.put("3", "not found");
    meanings.put("4", "no daemon, or a part of it does not answer now");
    meanings.put("5", "exists already, or changed meanwhile");
    meanings.put("6", "timed out");
    meanings.put("7", "not allowed");
    meanings.put("8", "this host cannot do it, or has run out of something");
    meanings.put("130", "interrupted");
    return meanings;
  }

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
