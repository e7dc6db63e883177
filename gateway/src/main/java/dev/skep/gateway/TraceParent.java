package dev.skep.gateway;

import io.netty.util.AsciiString;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The header field {@code traceparent} (W3C Trace Context 1): read, and passed on unchanged. */
final class TraceParent {
  static final AsciiString NAME = AsciiString.cached("traceparent");

  /** Version, trace id, parent id, flags; later versions may have more. */
  private static final Pattern FIELD =
      Pattern.compile(
          "(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?");

  private TraceParent() {}

  /** Empty for a request without, and for what is none. */
  static Optional<String> traceId(@Nullable CharSequence field) {
    if (field == null) {
      return Optional.empty();
    }
    Matcher matcher = FIELD.matcher(field);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
