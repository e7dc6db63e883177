package dev.skep.microvm;

import dev.skep.api.Resources;
import dev.skep.api.SkepException;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * VMMs that wait in their namespaces, so that the next restore pays for state and memory alone. One
 * that takes any snapshot waits for machines of its size: as many of them as restores found none,
 * up to all that may wait. One that is bound to a snapshot waits for that, with its memory in
 * place. Those that have waited longest make room. Thread-safe.
 *
 * @param <I> what waits
 */
final class IdleVms<I extends IdleVms.Idle> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IdleVms.class);

  /** The start that took one is busy until then. */
  private static final long REST_MILLIS = 1_000;

  /** One that waits. */
  interface Idle {
    String name();

    /** Whether it can still load a state. */
    boolean usable();

    /** Completes when its VMM has ended. */
    CompletableFuture<String> onExit();

    /** Ends it, and gives back all that it has on the host. */
    void leave();
  }

  /**
   * What an idle VMM is good for.
   *
   * @param bound to a snapshot, whose key holds all else that it depends on; or to none
   * @param resources of the machine: its cgroup has them already
   * @param network what its namespace lets through
   */
  record Key(Optional<Bound> bound, Resources resources, NetworkPolicy network) {
    /** And to the way in which its memory comes. */
    record Bound(Path snapshot, Paging paging) {}

    /**
     * Empty for a restore that records from a VMM that is bound: the first and last of its kind.
     */
    static Optional<Key> of(StartPlan.Restore plan, SandboxSpec spec, Vmm vmm) {
      if (vmm.waitsForAny()) {
        return Optional.of(new Key(Optional.empty(), spec.resources(), spec.network()));
      }
      return plan.record()
          ? Optional.empty()
          : Optional.of(
              new Key(
                  Optional.of(new Bound(plan.snapshot(), plan.paging())),
                  spec.resources(),
                  spec.network()));
    }
  }

  private record Waiting<I>(Key key, I idle) {}

  private final int most;
  private final Executor later;
  private final List<Waiting<I>> ready = new ArrayList<>(); // longest unused first
  private final List<Key> making = new ArrayList<>();
  private long made;
  private boolean closed;

  /**
   * @param most that wait at a time; 0 for none
   */
  IdleVms(int most) {
    this(
        most,
        CompletableFuture.delayedExecutor(
            REST_MILLIS,
            TimeUnit.MILLISECONDS,
            task -> Thread.ofVirtual().name("idle-vm").start(task)));
  }

  /**
   * @param later runs what makes one
   */
  IdleVms(int most, Executor later) {
    this.most = most;
    this.later = later;
  }

  /** One that waits, if there is one: now the caller's. */
  Optional<I> take(Key key) {
    for (Optional<I> found = remove(key); found.isPresent(); found = remove(key)) {
      if (found.get().usable()) {
        return found;
      }
      found.get().leave();
    }
    return Optional.empty();
  }

  private synchronized Optional<I> remove(Key key) {
    for (Waiting<I> each : ready) {
      if (each.key().equals(key)) {
        ready.remove(each);
        return Optional.of(each.idle());
      }
    }
    return Optional.empty();
  }

  /**
   * A restore has taken one, or found none: has one made soon, unless enough of its kind wait.
   *
   * @param maker makes one, given its name
   */
  synchronized void want(Key key, Function<String, I> maker) {
    long waiting =
        Stream.concat(ready.stream().map(Waiting::key), making.stream())
            .filter(key::equals)
            .count();
    if (!closed && waiting < (key.bound().isPresent() ? Math.min(1, most) : most)) {
      making.add(key);
      String name = "idle-" + made++;
      later.execute(() -> make(key, name, maker));
    }
  }

  /** How many wait. */
  synchronized int count() {
    return ready.size();
  }

  private void make(Key key, String name, Function<String, I> maker) {
    Optional<I> fresh = Optional.empty();
    try {
      if (!isClosed()) {
        fresh = Optional.of(maker.apply(name));
      }
    } catch (SkepException e) {
      LOG.info("no idle VMM for {}: {}", key, e.getMessage());
    }
    Optional<I> surplus = put(key, fresh);
    surplus.ifPresent(Idle::leave);
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** The one that is too many now. */
  private synchronized Optional<I> put(Key key, Optional<I> fresh) {
    making.remove(key);
    if (fresh.isEmpty() || closed) {
      return fresh;
    }
    var waiting = new Waiting<>(key, fresh.get());
    ready.add(waiting);
    var _ = fresh.get().onExit().thenRun(() -> ended(waiting));
    return ready.size() <= most ? Optional.empty() : Optional.of(ready.removeFirst().idle());
  }

  /** Its VMM is gone; nothing to do if somebody took it before. */
  private void ended(Waiting<I> waiting) {
    boolean ours;
    synchronized (this) {
      ours = ready.remove(waiting);
    }
    if (ours) {
      LOG.info("idle VMM {} has ended", waiting.idle().name());
      Thread.ofVirtual().name("idle-vm-end").start(waiting.idle()::leave);
    }
  }

  /** Ends all of them; those that are being made end when they are done. */
  @Override
  public void close() {
    List<Waiting<I>> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(ready);
      ready.clear();
    }
    all.forEach(each -> each.idle().leave());
  }
}
