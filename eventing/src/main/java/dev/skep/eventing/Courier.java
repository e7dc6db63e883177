package dev.skep.eventing;

import dev.skep.api.SkepException;
import dev.skep.control.Addresses;
import io.cloudevents.CloudEvent;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** Sends events by HTTP. Safe for use by any thread; {@link #send} blocks. */
final class Courier implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final String CLUSTER = "." + Addresses.INSIDE;

  private final Names names;
  private final Predicate<InetAddress> reachable;
  private final HttpClient client;
  private volatile boolean closed;

  /**
   * @param gateway proxy for the hosts that it serves
   * @param reachable which addresses outside the cluster may be called
   */
  Courier(
      Names names, InetSocketAddress gateway, Predicate<InetAddress> reachable, Executor executor) {
    this.names = names;
    this.reachable = reachable;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .executor(executor)
            .proxy(new ToGateway(names, new Proxy(Proxy.Type.HTTP, gateway)))
            .build();
  }

  /** What the gateway serves goes to it, with the whole URL as the target. */
  private static final class ToGateway extends ProxySelector {
    private final Names names;
    private final Proxy gateway;

    ToGateway(Names names, Proxy gateway) {
      this.names = names;
      this.gateway = gateway;
    }

    @Override
    public List<Proxy> select(URI uri) {
      return List.of(names.isRouted(host(uri)) ? gateway : Proxy.NO_PROXY);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
      // the request fails, and says so
    }
  }

  private static String host(URI uri) {
    return String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
  }

  /**
   * Sends an event once.
   *
   * @param timeout until the whole answer is there
   * @param wantsReply whether an event in the answer is of use
   * @throws SkepException UNAVAILABLE when it was closed meanwhile
   */
  Outcome send(URI to, CloudEvent event, Duration timeout, boolean wantsReply) {
    HttpRequest request;
    try {
      request = request(Destinations.rooted(placed(to)), event, wantsReply);
    } catch (UnknownHostException e) {
      return Outcome.Failed.unanswered("no host of the name " + e.getMessage());
    } catch (SkepException | IllegalArgumentException refused) {
      return new Outcome.Failed(
          Outcome.NO_ANSWER, new byte[0], String.valueOf(refused.getMessage()), false);
    }
    CompletableFuture<HttpResponse<byte[]>> sending =
        client.sendAsync(
            request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), 2 * Events.MAX_BYTES));
    try {
      return judge(sending.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      sending.cancel(true);
      return Outcome.Failed.unanswered("no answer within " + timeout);
    } catch (ExecutionException e) {
      if (closed) {
        throw closing(e);
      }
      return Outcome.Failed.unanswered(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      sending.cancel(true);
      Thread.currentThread().interrupt();
      throw closing(e);
    }
  }

  private static SkepException closing(Exception e) {
    return new SkepException(SkepException.Code.UNAVAILABLE, "deliveries end", e);
  }

  private static HttpRequest request(URI to, CloudEvent event, boolean wantsReply) {
    HttpRequest.Builder request = HttpRequest.newBuilder(to);
    if (wantsReply) {
      request.header("Prefer", "reply");
    }
    HttpEvents.write(
        event,
        request::header,
        body ->
            request.POST(
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body)));
    return request.build();
  }

  private static Outcome judge(HttpResponse<byte[]> response) {
    int code = response.statusCode();
    byte[] body = response.body();
    if (code < 200 || code > 299) {
      return Outcome.Failed.answered(code, body);
    }
    Map<String, String> headers = new TreeMap<>();
    response
        .headers()
        .map()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
    if (!HttpEvents.claims(headers)) {
      return new Outcome.Taken(Optional.empty(), body.length > 0);
    }
    try {
      return new Outcome.Taken(Optional.of(HttpEvents.read(headers, body)), false);
    } catch (SkepException malformed) {
      return new Outcome.Failed(502, body, "the reply is " + malformed.getMessage(), true);
    }
  }

  /** The same destination, with the address of a core Service in place of its name. */
  private URI placed(URI to) throws UnknownHostException {
    String host = host(to);
    if (names.isRouted(host)) {
      return to;
    }
    List<Inet4Address> addresses = names.service(host);
    if (!addresses.isEmpty()) {
      return withHost(to, addresses.getFirst().getHostAddress());
    }
    if (host.endsWith(CLUSTER)) {
      throw new UnknownHostException(host);
    }
    for (InetAddress address : InetAddress.getAllByName(host)) {
      if (!reachable.test(address)) {
        throw new SkepException(
            SkepException.Code.FORBIDDEN,
            "%s is %s: the host itself is no destination"
                .formatted(host, address.getHostAddress()));
      }
    }
    return to;
  }

  private static URI withHost(URI to, String host) {
    try {
      return new URI(to.getScheme(), null, host, to.getPort(), to.getPath(), to.getQuery(), null);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** Breaks off what is being sent. */
  @Override
  public void close() {
    closed = true;
    client.shutdownNow();
  }
}
