package dev.skep.gateway;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2Headers;

/** The head of a response, of either protocol. Owned by its exchange. */
record ResponseHead(HttpResponseStatus status, Fields fields) {
  Http2Headers http2() {
    return fields.http2().status(status.codeAsText());
  }
}
