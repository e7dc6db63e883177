package dev.skep.gateway;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/** Fields of an HTTP/2 message. */
record Http2Fields(Http2Headers headers) implements Fields {
  @Override
  public @Nullable CharSequence get(AsciiString name) {
    return headers.get(name);
  }

  @Override
  public void set(AsciiString name, CharSequence value) {
    headers.set(name, value);
  }

  @Override
  public void remove(CharSequence name) {
    headers.remove(name);
  }

  @Override
  public Iterator<Entry<CharSequence, CharSequence>> entries() {
    return headers.iterator();
  }

  @Override
  public HttpHeaders http1() {
    HttpHeaders converted = DefaultHttpHeadersFactory.headersFactory().newHeaders();
    StringBuilder cookies = new StringBuilder();
    for (Entry<CharSequence, CharSequence> field : headers) {
      CharSequence name = field.getKey();
      if (name.isEmpty() || name.charAt(0) == ':') {
        continue;
      }
      if (HttpHeaderNames.COOKIE.contentEquals(name)) {
        // RFC 9113 8.2.3: HTTP/2 may split cookies over fields, HTTP/1.1 may not.
        cookies.append(cookies.isEmpty() ? "" : "; ").append(field.getValue());
      } else {
        converted.add(name, field.getValue());
      }
    }
    if (!cookies.isEmpty()) {
      converted.set(HttpHeaderNames.COOKIE, cookies);
    }
    return converted;
  }

  @Override
  public Http2Headers http2() {
    return headers;
  }
}
