package dev.skep.gateway;

import dev.skep.control.DataPlaneListener;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadEventLoop;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one event loop owns: its requests in progress and its connections. Everything but {@link
 * #execute} is called on the loop's thread only.
 */
final class Loop {
  private static final Logger log = LoggerFactory.getLogger(Loop.class);

  /**
   * How late a timeout may strike. One sweep over the requests is cheaper than a timer for each.
   */
  static final long SWEEP_MILLIS = 20;

  private static final long IDLE_SWEEP_MILLIS = 1000;
  private static final long FRONT_SWEEP_MILLIS = 5000;

  /** A client connection, as the loop sees it. */
  interface Front {
    /** Takes no new requests, ends as soon as those in progress are done. */
    void drain();

    /** Ends now. */
    void close();

    /** Whether a request is in progress, or one began since the last time this was asked. */
    boolean busy();
  }

  /**
   * A write that waits for the end of the event loop's round, so that rounds share system calls.
   */
  interface Flushable {
    void flushNow();
  }

  private final int index;
  private final SingleThreadEventLoop eventLoop;
  private final LongSupplier clock;
  private final GatewayConfig config;
  private final DataPlaneListener listener;
  private final List<Exchange> live = new ArrayList<>();
  private final List<Flushable> dirty = new ArrayList<>();
  private final Map<Front, Integer> fronts = new LinkedHashMap<>();
  private final Set<Upstreams> withIdle = new LinkedHashSet<>();
  private final GatewayMetrics.Shard metrics;
  private final Runnable flushDirty = this::flushDirty;
  private boolean sweeping;
  private boolean sweepingIdle;
  private boolean sweepingFronts;
  private boolean draining;

  Loop(
      int index,
      EventLoop eventLoop,
      LongSupplier clock,
      GatewayConfig config,
      DataPlaneListener listener,
      GatewayMetrics.Shard metrics) {
    this.index = index;
    this.eventLoop = (SingleThreadEventLoop) eventLoop;
    this.clock = clock;
    this.config = config;
    this.listener = listener;
    this.metrics = metrics;
  }

  int index() {
    return index;
  }

  SingleThreadEventLoop eventLoop() {
    return eventLoop;
  }

  GatewayConfig config() {
    return config;
  }

  GatewayMetrics.Shard metrics() {
    return metrics;
  }

  long now() {
    return clock.getAsLong();
  }

  boolean draining() {
    return draining;
  }

  /** Runs a task on the loop; the only method for other threads. */
  void execute(Runnable task) {
    eventLoop.execute(task);
  }

  /** Runs a task on the loop, later. */
  void after(long millis, Runnable task) {
    var _ = eventLoop.schedule(task, millis, TimeUnit.MILLISECONDS);
  }

  /** Tells the control plane something; its failures are its own. */
  void tell(Consumer<DataPlaneListener> message) {
    try {
      message.accept(listener);
    } catch (RuntimeException e) {
      log.error("The control plane failed on news from the gateway", e);
    }
  }

  /** A request begins. */
  void add(Exchange exchange) {
    exchange.position = live.size();
    live.add(exchange);
    if (!sweeping) {
      sweeping = true;
      after(SWEEP_MILLIS, this::sweep);
    }
  }

  /** A request ended. */
  void remove(Exchange exchange) {
    Exchange last = live.removeLast();
    if (last != exchange) {
      live.set(exchange.position, last);
      last.position = exchange.position;
    }
  }

  void add(Front front) {
    fronts.put(front, 0);
    if (draining) {
      front.drain();
    } else if (!sweepingFronts) {
      sweepingFronts = true;
      after(FRONT_SWEEP_MILLIS, this::sweepFronts);
    }
  }

  void remove(Front front) {
    fronts.remove(front);
  }

  /** Flushes at the end of this round of the event loop. */
  void flushLater(Flushable writer) {
    if (dirty.isEmpty()) {
      eventLoop.executeAfterEventLoopIteration(flushDirty);
    }
    dirty.add(writer);
  }

  /** An upstream has idle connections to look after. */
  void watchIdle(Upstreams upstreams) {
    withIdle.add(upstreams);
    if (!sweepingIdle) {
      sweepingIdle = true;
      after(IDLE_SWEEP_MILLIS, this::sweepIdle);
    }
  }

  /** No request is in progress. */
  boolean quiet() {
    return live.isEmpty();
  }

  /** Refuses what waits, lets the rest end. */
  void drain() {
    draining = true;
    List.copyOf(live).forEach(Exchange::drain);
    List.copyOf(fronts.keySet()).forEach(Front::drain);
  }

  /** Breaks off what still runs. */
  void closeAll() {
    List.copyOf(fronts.keySet()).forEach(Front::close);
  }

  private void sweep() {
    long now = now();
    try {
      for (Exchange exchange : List.copyOf(live)) {
        exchange.checkTimeouts(now);
      }
    } finally {
      sweeping = !live.isEmpty();
      if (sweeping) {
        after(SWEEP_MILLIS, this::sweep);
      }
    }
  }

  /** Ends client connections that sent no request for long, or never a whole one. */
  private void sweepFronts() {
    long most = config.clientIdle().toMillis() / FRONT_SWEEP_MILLIS;
    List<Front> idle = new ArrayList<>();
    for (Map.Entry<Front, Integer> each : fronts.entrySet()) {
      int sweeps = each.getKey().busy() ? 0 : each.getValue() + 1;
      each.setValue(sweeps);
      if (sweeps > most) {
        idle.add(each.getKey());
      }
    }
    idle.forEach(Front::drain);
    sweepingFronts = !fronts.isEmpty();
    if (sweepingFronts) {
      after(FRONT_SWEEP_MILLIS, this::sweepFronts);
    }
  }

  private void sweepIdle() {
    long expired = now() - config.upstreamIdle().toNanos();
    withIdle.removeIf(upstreams -> upstreams.closeIdleSince(expired));
    sweepingIdle = !withIdle.isEmpty();
    if (sweepingIdle) {
      after(IDLE_SWEEP_MILLIS, this::sweepIdle);
    }
  }

  private void flushDirty() {
    for (int i = 0; i < dirty.size(); i++) {
      dirty.get(i).flushNow();
    }
    dirty.clear();
  }
}
