package dev.skep.eventing;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.Clocks;
import dev.skep.store.KindFollower;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes events for Brokers and Channels, keeps them, and brings them to whom Triggers and
 * Subscriptions name; has PingSources make some. One thread owns all its state. What is not
 * delivered when it ends, the next one delivers.
 */
public final class Eventing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Eventing.class);
  private static final String FILE = "eventing.db";

  /** More have to wait. */
  public static final int REQUESTS_AT_ONCE = 32;

  private static final long JOIN_MILLIS = 5_000;
  private static final List<ResourceKind> FOLLOWED =
      List.of(
          ResourceKind.BROKER,
          ResourceKind.TRIGGER,
          ResourceKind.CHANNEL,
          ResourceKind.SUBSCRIPTION,
          ResourceKind.PING_SOURCE,
          ResourceKind.KNATIVE_SERVICE,
          ResourceKind.SERVICE);

  /**
   * What it works with; all of it stays its owner's to close.
   *
   * @param state folder of the daemon: the queue is in it
   * @param names where hosts are
   * @param gateway proxy for the hosts that the gateway serves
   * @param reachable which addresses outside the cluster events may be sent to
   * @param executor runs what blocks: a virtual thread each
   */
  public record Parts(
      Path state,
      Clocks clocks,
      ResourceStore store,
      Names names,
      InetSocketAddress gateway,
      Predicate<InetAddress> reachable,
      Executor executor) {}

  private final EventQueue queue;
  private final Courier courier;
  private final EventingLoop loop;
  private final WebServer server;
  private final ResourceStore store;
  private final List<Thread> followers = new ArrayList<>();
  private volatile boolean closed;
  private @Nullable Thread thread;

  private Eventing(
      EventQueue queue, Courier courier, EventingLoop loop, WebServer server, ResourceStore store) {
    this.queue = queue;
    this.courier = courier;
    this.loop = loop;
    this.server = server;
    this.store = store;
  }

  /**
   * Opens the queue and listens on a free port of the loopback address; nothing is delivered before
   * {@link #start}.
   *
   * @param hosts told which hosts lead there, whenever they change
   */
  public static Eventing open(Parts parts, Consumer<Set<String>> hosts) {
    EventQueue queue = EventQueue.open(parts.state().resolve(FILE), EventQueue.Budget.STANDARD);
    try {
      var courier =
          new Courier(parts.names(), parts.gateway(), parts.reachable(), parts.executor());
      var loop = new EventingLoop(parts, queue, courier, hosts);
      WebServer server = listen(new Ingress(loop::topology, queue, loop::queued));
      return new Eventing(queue, courier, loop, server, parts.store());
    } catch (RuntimeException e) {
      queue.close();
      throw e;
    }
  }

  static WebServer listen(Ingress ingress) {
    WebServer server =
        WebServer.builder()
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .address(InetAddress.getLoopbackAddress())
            .port(0)
            .maxConcurrentRequests(REQUESTS_AT_ONCE)
            .shutdownGracePeriod(Duration.ofMillis(200))
            .routing(HttpRouting.builder().any(ingress))
            .build()
            .start();
    if (!server.isRunning()) {
      throw new SkepException(
          Code.UNAVAILABLE, "no free port for events: see the lines above in the log");
    }
    return server;
  }

  /** Where it takes events. */
  public InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
  }

  /** Begins to work. When it returns, inboxes have their hosts. */
  public void start() {
    loop.begin();
    thread = Thread.ofPlatform().name("eventing").start(this::run);
    for (ResourceKind kind : FOLLOWED) {
      var follower = new KindFollower(store, kind, _ -> loop.changed(), loop::changed);
      followers.add(Thread.ofVirtual().name("eventing-" + kind.resource()).start(follower));
    }
  }

  private void run() {
    try {
      while (!closed) {
        loop.awaitNext();
      }
    } catch (InterruptedException closing) {
      LOG.debug("eventing thread ends");
    }
  }

  /** Takes nothing more and breaks deliveries off: they are made again by the next one. */
  @Override
  public void close() {
    closed = true;
    server.stop();
    followers.forEach(Eventing::end);
    if (thread != null) {
      end(thread);
    }
    courier.close();
    queue.close();
  }

  private static void end(Thread one) {
    one.interrupt();
    try {
      one.join(JOIN_MILLIS);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
  }
}
