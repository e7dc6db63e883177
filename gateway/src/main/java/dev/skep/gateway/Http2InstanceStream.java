package dev.skep.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** One request to an HTTP/2 instance. */
@SuppressWarnings(
    "FutureReturnValueIgnored") // a failed write or close ends the channel, which is heard
final class Http2InstanceStream extends Http2StreamSide implements InstanceSide {
  private final Http2Upstream upstream;
  private final boolean reused;
  private @Nullable Exchange exchange;
  private boolean responding;
  private boolean refused;

  Http2InstanceStream(Http2Upstream upstream, int id, Exchange exchange, boolean reused) {
    super(upstream, id);
    this.upstream = upstream;
    this.exchange = exchange;
    this.reused = reused;
  }

  @Override
  public boolean reused() {
    return reused;
  }

  @Override
  public void request(RequestHead head, boolean last) {
    write(head.http2(), last);
    Http2Stream created = upstream.connection().stream(id());
    if (created != null) {
      upstream.bind(created, this);
    } else {
      fail("it takes no more requests on this connection");
    }
  }

  @Override
  public void data(ByteBuf data, boolean last) {
    write(data, last);
  }

  @Override
  public void trailers(Fields trailers) {
    write(trailers.http2(), true);
  }

  @Override
  public void leave() {
    reset(Http2Error.CANCEL);
  }

  @Override
  public void abort() {
    exchange = null;
    reset(Http2Error.CANCEL);
  }

  void headersRead(Http2Headers headers, boolean last) {
    Exchange serving = exchange;
    if (serving == null) {
      return;
    }
    Fields fields = new Http2Fields(headers);
    if (responding) {
      exchange = null;
      serving.responseTrailers(fields);
    } else {
      head(serving, new ResponseHead(status(headers), fields), last);
    }
    serving.responseFlush();
  }

  private void head(Exchange serving, ResponseHead head, boolean last) {
    if (head.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
      serving.switched(head);
    } else if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
      serving.inform(head);
    } else {
      responding = true;
      exchange = last ? null : serving;
      serving.response(head, last);
    }
  }

  @Override
  void received(ByteBuf data, boolean last) {
    Exchange serving = exchange;
    if (serving == null) {
      data.release();
      return;
    }
    exchange = last ? null : serving;
    serving.responseData(data, last);
    serving.responseFlush();
  }

  @Override
  void writabilityChanged() {
    if (exchange != null) {
      exchange.instanceWritable(writable());
    }
  }

  @Override
  void resetRead(long errorCode) {
    refused = errorCode == Http2Error.REFUSED_STREAM.code();
  }

  @Override
  void streamClosed() {
    Exchange serving = exchange;
    exchange = null;
    if (serving == null) {
      return;
    }
    var local = upstream.connection().local();
    boolean beyondGoAway =
        upstream.connection().goAwayReceived() && id() > local.lastStreamKnownByPeer();
    if (refused || beyondGoAway) {
      serving.notProcessed("it refused the request");
    } else {
      serving.instanceFailed(upstream.isConnected() ? "it reset the request" : upstream.failure());
    }
  }

  private void fail(String cause) {
    Exchange serving = exchange;
    exchange = null;
    if (serving != null) {
      serving.instanceFailed(cause);
    }
  }

  private static HttpResponseStatus status(Http2Headers headers) {
    CharSequence status = headers.status();
    return status == null ? HttpResponseStatus.BAD_GATEWAY : HttpResponseStatus.parseLine(status);
  }
}
