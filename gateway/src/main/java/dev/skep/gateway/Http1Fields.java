package dev.skep.gateway;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/** Fields of an HTTP/1.1 message. */
record Http1Fields(HttpHeaders headers) implements Fields {
  /** Fields of a message that the gateway itself writes. */
  static Http1Fields empty() {
    return new Http1Fields(DefaultHttpHeadersFactory.headersFactory().newEmptyHeaders());
  }

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
    return headers.iteratorCharSequence();
  }

  @Override
  public HttpHeaders http1() {
    return headers;
  }

  @Override
  public Http2Headers http2() {
    Http2Headers converted = new DefaultHttp2Headers(false, headers.size());
    for (var fields = headers.iteratorCharSequence(); fields.hasNext(); ) {
      Entry<CharSequence, CharSequence> field = fields.next();
      AsciiString name = AsciiString.of(field.getKey()).toLowerCase();
      if (!HopByHop.forbiddenInHttp2(name)) {
        converted.add(name, field.getValue());
      }
    }
    return converted;
  }
}
