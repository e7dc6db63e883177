package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Calls over HTTP/1.1, on one connection that is kept alive. */
final class HttpCaller implements Caller {
  private final InetSocketAddress gateway;
  private final HttpRequest request;
  private final Duration timeout;
  private @Nullable HttpConnection connection;

  HttpCaller(InetSocketAddress gateway, HttpRequest request, Duration timeout) {
    this.gateway = gateway;
    this.request = request;
    this.timeout = timeout;
  }

  @Override
  public Invocation call() throws IOException {
    HttpConnection here = connection == null ? connect() : connection;
    connection = here;
    long began = System.nanoTime();
    try (var _ = Deadline.closing(here, timeout)) {
      HttpResponse response = here.send(request);
      byte[] body = response.bytes();
      long nanos = System.nanoTime() - began;
      if (response.header("connection").filter("close"::equalsIgnoreCase).isPresent()) {
        close();
      }
      return new Invocation(response.status(), response.reason(), response.headers(), body, nanos);
    } catch (IOException e) {
      close();
      boolean late = System.nanoTime() - began >= timeout.toNanos();
      throw new SkepException(
          late ? Code.TIMEOUT : Code.UNAVAILABLE,
          late
              ? "no answer within " + timeout.toMillis() + " ms (--timeout)"
              : "the gateway broke the connection: " + e.getMessage(),
          e);
    }
  }

  private HttpConnection connect() {
    try {
      return HttpConnection.tcp(gateway);
    } catch (IOException e) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "gateway " + gateway + ": " + e.getMessage() + " (see 'skep status')",
          e);
    }
  }

  @Override
  public void close() {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }
}
