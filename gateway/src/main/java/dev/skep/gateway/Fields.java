package dev.skep.gateway;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/**
 * The header or trailer fields of one message, kept in the form of the connection that they came
 * from: a message that leaves in the same protocol is never copied. Names that are passed in are
 * lower case.
 */
sealed interface Fields permits Http1Fields, Http2Fields {
  /** The first value of that name. */
  @Nullable CharSequence get(AsciiString name);

  void set(AsciiString name, CharSequence value);

  void remove(CharSequence name);

  /** All fields; for HTTP/2 with the pseudo fields. */
  Iterator<Entry<CharSequence, CharSequence>> entries();

  /**
   * These fields for an HTTP/1.1 message, validated where they come from HTTP/2: a value with a
   * line break fails with {@link IllegalArgumentException}.
   */
  HttpHeaders http1();

  /** These fields for an HTTP/2 message; pseudo fields stay if there are any. */
  Http2Headers http2();
}
