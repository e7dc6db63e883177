package dev.skep.apiserver;

import dev.skep.api.SkepException;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes connections out of HTTP for {@link PodStreams}. What it does not take goes the way of all
 * requests, where {@link PodRoutes} says why.
 */
final class PodUpgrader implements Http1Upgrader {
  private static final int MOST_STREAMS = 256;

  private final String protocol;
  private final PodStreams streams;
  private final Authenticator authenticator;
  private final Semaphore free = new Semaphore(MOST_STREAMS);

  /**
   * @param protocol one of those of {@link PodStreams}
   */
  PodUpgrader(String protocol, PodStreams streams, Authenticator authenticator) {
    this.protocol = protocol;
    this.streams = streams;
    this.authenticator = authenticator;
  }

  @Override
  public String supportedProtocol() {
    return protocol;
  }

  @Override
  @SuppressWarnings("NullAway") // null is the library's word for no
  public @Nullable ServerConnection upgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    Optional<PodStreams.Plan> plan = plan(prologue, headers);
    if (plan.isEmpty() || !free.tryAcquire()) {
      return null;
    }
    try {
      context.dataWriter().writeNow(BufferData.create(answer(plan.get(), headers)));
      return new UpgradedConnection(
          context, plan.get().codecs(), plan.get().connection(), free::release);
    } catch (RuntimeException e) {
      free.release();
      throw e;
    }
  }

  private Optional<PodStreams.Plan> plan(HttpPrologue prologue, WritableHeaders<?> headers) {
    Optional<ResourcePath> path =
        ResourcePath.parse(Exchange.segments(prologue.uriPath().path())).filter(PodStreams::serves);
    if (path.isEmpty()) {
      return Optional.empty();
    }
    try {
      User user = authenticator.authenticate(headers.first(HeaderNames.AUTHORIZATION));
      var request = new PodStreams.Request(path.get(), prologue.query(), headers);
      return Optional.of(streams.plan(request, user));
    } catch (ApiFailure | SkepException _) {
      return Optional.empty(); // the routes fail in the same way
    }
  }

  private byte[] answer(PodStreams.Plan plan, WritableHeaders<?> headers) {
    var answer = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
    answer.append("Upgrade: ").append(protocol).append("\r\n");
    if (protocol.equals(PodStreams.WEB_SOCKET)) {
      String key = headers.first(HeaderNames.create("Sec-WebSocket-Key")).orElse("");
      answer.append("Sec-WebSocket-Accept: ").append(WebSockets.accept(key)).append("\r\n");
      answer.append("Sec-WebSocket-Protocol: ");
    } else {
      answer.append("X-Stream-Protocol-Version: ");
    }
    answer.append(plan.protocol()).append("\r\n\r\n");
    return answer.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
