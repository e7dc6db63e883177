package dev.skep.gateway;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/** Which fields concern one connection only (RFC 9110 7.6.1) and end at the gateway. */
final class HopByHop {
  private HopByHop() {}

  /** Fields that make an HTTP/2 message malformed (RFC 9113 8.2.2). */
  static boolean forbiddenInHttp2(CharSequence name) {
    return switch (name.length()) {
      case 4 -> is(HttpHeaderNames.HOST, name);
      case 7 -> is(HttpHeaderNames.UPGRADE, name);
      case 10 -> is(HttpHeaderNames.CONNECTION, name) || is(KEEP_ALIVE, name);
      case 16 -> is(PROXY_CONNECTION, name);
      case 17 -> is(HttpHeaderNames.TRANSFER_ENCODING, name);
      default -> false;
    };
  }

  /** Removes what concerns the connection to the instance only, and what that connection named. */
  static void stripResponse(Fields fields) {
    List<CharSequence> doomed = null;
    for (var all = fields.entries(); all.hasNext(); ) {
      Entry<CharSequence, CharSequence> field = all.next();
      CharSequence name = field.getKey();
      if (endsHere(name)) {
        doomed = add(doomed, name);
        if (is(HttpHeaderNames.CONNECTION, name)) {
          doomed = addOptions(doomed, field.getValue());
        }
      }
    }
    remove(fields, doomed);
  }

  /** Whether a field of this name is never passed on, in either direction. */
  static boolean endsHere(CharSequence name) {
    return switch (name.length()) {
      case 7 -> is(HttpHeaderNames.UPGRADE, name);
      case 10 -> is(HttpHeaderNames.CONNECTION, name) || is(KEEP_ALIVE, name);
      case 14 -> is(HTTP2_SETTINGS, name);
      case 16 -> is(PROXY_CONNECTION, name);
      case 17 -> is(HttpHeaderNames.TRANSFER_ENCODING, name);
      case 18 -> is(HttpHeaderNames.PROXY_AUTHENTICATE, name);
      case 19 -> is(HttpHeaderNames.PROXY_AUTHORIZATION, name);
      default -> false;
    };
  }

  /** The fields named by a {@code Connection} field, but never those that frame or route. */
  static @Nullable List<CharSequence> addOptions(
      @Nullable List<CharSequence> doomed, CharSequence connection) {
    for (String option : connection.toString().split(",", -1)) {
      String name = option.trim();
      if (!isPlain(name)) {
        doomed = add(doomed, name);
      }
    }
    return doomed;
  }

  static List<CharSequence> add(@Nullable List<CharSequence> doomed, CharSequence name) {
    List<CharSequence> list = doomed == null ? new ArrayList<>(4) : doomed;
    list.add(name);
    return list;
  }

  static void remove(Fields fields, @Nullable List<CharSequence> doomed) {
    if (doomed != null) {
      for (CharSequence name : doomed) {
        fields.remove(name);
      }
    }
  }

  static boolean is(AsciiString expected, CharSequence name) {
    return expected.contentEqualsIgnoreCase(name);
  }

  private static boolean isPlain(String option) {
    return switch (option.toLowerCase(Locale.ROOT)) {
      case "", "close", "keep-alive", "upgrade", "te", "host", "content-length" -> true;
      default -> false;
    };
  }

  private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
  private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");
  private static final AsciiString HTTP2_SETTINGS = AsciiString.cached("http2-settings");
}
