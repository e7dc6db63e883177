package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Network.Kind;
import dev.skep.sandbox.NetworkPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Networks that are ready before a sandbox asks. One thread makes them ahead of demand, at most
 * {@code size} unused ones of each kind that is in use and a few at a time; a network is used once
 * and then removed, so that nothing of a sandbox (connections, neighbours) meets the next.
 */
final class NetworkPool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkPool.class);
  private static final int BATCH = 8;
  private static final Duration RETRY = Duration.ofSeconds(1);

  /** What a pool does to the host. */
  interface Maker {
    /** All or, with an exception, perhaps some. */
    void create(List<Network> networks);

    /** As far as they exist. */
    void delete(Collection<Network> networks);
  }

  /** Networks of one kind, and who wants them. */
  private static final class Shelf {
    final Deque<Network> ready = new ArrayDeque<>();
    int target;
    int waiting;

    /** While somebody waits in vain, what those need: they get it sooner. */
    int wanted() {
      int spare = ready.size() - waiting;
      return spare < 0 ? -spare : Math.max(0, target - spare);
    }
  }

  private final AddressPlan plan;
  private final HostFirewall firewall;
  private final Maker maker;
  private final int size;
  private final Map<Kind, Shelf> shelves = new EnumMap<>(Kind.class);
  // Oldest first: a slot's addresses rest before they are used again.
  private final Deque<Integer> freeSlots = new ArrayDeque<>();
  private int making;
  private boolean closed;
  private @Nullable SkepException trouble;
  private @Nullable Thread thread;

  NetworkPool(AddressPlan plan, HostFirewall firewall, Maker maker, int size) {
    this.plan = plan;
    this.firewall = firewall;
    this.maker = maker;
    this.size = size;
    for (Kind kind : Kind.values()) {
      shelves.put(kind, new Shelf());
    }
  }

  /**
   * Begins to make networks.
   *
   * @param used slots that running sandboxes have
   */
  synchronized void start(Set<Integer> used) {
    for (int slot = 0; slot < AddressPlan.SLOTS; slot++) {
      if (!used.contains(slot)) {
        freeSlots.add(slot);
      }
    }
    thread = Thread.ofVirtual().name("network-pool").start(this::refillForever);
  }

  /** Networks of this kind are to be ready from now on. */
  synchronized void expect(Kind kind) {
    shelf(kind).target = size;
    notifyAll();
  }

  /**
   * A network that nobody else has, opened as the policy says.
   *
   * @throws SkepException with EXHAUSTED if there is none in time
   */
  Network acquire(Kind kind, NetworkPolicy policy, Duration timeout) {
    expect(kind);
    Network network = take(shelf(kind), timeout);
    try {
      firewall.open(network, policy);
      return network;
    } catch (RuntimeException e) {
      release(network, NetworkPolicy.DEFAULT);
      throw e;
    }
  }

  /** Removes the network from the host; who was inside has ended before. */
  void release(Network network, NetworkPolicy policy) {
    try {
      maker.delete(List.of(network));
      firewall.close(network, policy);
    } finally {
      synchronized (this) {
        freeSlots.add(network.slot());
        notifyAll();
      }
    }
  }

  /** Removes the networks that nobody uses and ends the thread. */
  @Override
  public void close() {
    List<Network> unused;
    Thread refilling;
    synchronized (this) {
      closed = true;
      notifyAll();
      refilling = thread;
    }
    join(refilling);
    synchronized (this) {
      unused = shelves.values().stream().flatMap(shelf -> shelf.ready.stream()).toList();
      shelves.values().forEach(shelf -> shelf.ready.clear());
    }
    maker.delete(unused);
  }

  /** How many starts wait for a network. */
  synchronized int waiting() {
    return shelves.values().stream().mapToInt(shelf -> shelf.waiting).sum();
  }

  private Shelf shelf(Kind kind) {
    return Objects.requireNonNull(shelves.get(kind));
  }

  private synchronized Network take(Shelf shelf, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    shelf.waiting++;
    notifyAll();
    try {
      while (shelf.ready.isEmpty()) {
        long left = deadline - System.nanoTime();
        if (trouble != null) {
          throw new SkepException(trouble.code(), String.valueOf(trouble.getMessage()), trouble);
        }
        if (left <= 0 || closed) {
          throw new SkepException(Code.EXHAUSTED, none(timeout));
        }
        wait(Math.max(1, left / 1_000_000));
      }
      return shelf.ready.remove();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for a network", e);
    } finally {
      shelf.waiting--;
      notifyAll();
    }
  }

  private void refillForever() {
    try {
      for (List<Network> batch = next(); !batch.isEmpty(); batch = next()) {
        make(batch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String none(Duration timeout) {
    return closed
        ? "no network namespace: the runtime is closing"
        : "no network namespace within %d ms (%d of %d slots are free, %d are being made, %d starts wait)"
            .formatted(timeout.toMillis(), freeSlots.size(), AddressPlan.SLOTS, making, waiting());
  }

  /** Waits until networks are wanted; empty at the end. */
  private synchronized List<Network> next() throws InterruptedException {
    Optional<Kind> kind = mostWanted();
    while (!closed && (kind.isEmpty() || freeSlots.isEmpty())) {
      wait();
      kind = mostWanted();
    }
    var batch = new ArrayList<Network>();
    int count = kind.map(most -> Math.min(shelf(most).wanted(), BATCH)).orElse(0);
    while (!closed && batch.size() < count && !freeSlots.isEmpty()) {
      batch.add(plan.network(freeSlots.remove(), kind.orElseThrow()));
    }
    making = batch.size();
    return batch;
  }

  /** One for which somebody waits comes before one that is made ahead. */
  private Optional<Kind> mostWanted() {
    return Arrays.stream(Kind.values())
        .filter(kind -> shelf(kind).wanted() > 0)
        .max(Comparator.comparingInt(kind -> shelf(kind).waiting - shelf(kind).ready.size()));
  }

  private void make(List<Network> batch) throws InterruptedException {
    try {
      maker.create(batch);
      synchronized (this) {
        batch.forEach(network -> shelf(network.kind()).ready.add(network));
        making = 0;
        trouble = null;
        notifyAll();
      }
    } catch (SkepException e) {
      LOG.warn("Network namespaces could not be made: {}", e.getMessage());
      maker.delete(batch);
      synchronized (this) {
        making = 0;
        batch.forEach(network -> freeSlots.add(network.slot()));
        trouble = e;
        notifyAll();
        for (long end = System.nanoTime() + RETRY.toNanos(); !closed && System.nanoTime() < end; ) {
          wait(RETRY.toMillis());
        }
        trouble = null;
      }
    }
  }

  private static void join(@Nullable Thread thread) {
    if (thread != null) {
      try {
        thread.join(Duration.ofSeconds(30));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
