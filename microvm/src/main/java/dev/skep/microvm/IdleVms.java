package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartPlan;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * VMMs that wait, in a network namespace and with the memory of a snapshot in place, so that the
 * next restore from it pays for the state alone: one for each of the snapshots that were restored
 * last. Thread-safe.
 */
final class IdleVms implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IdleVms.class);

  /** The start that took one is busy until then. */
  private static final long REST_MILLIS = 1_000;

  /** What an idle VMM is good for: the snapshot's key holds all else that it depends on. */
  record Key(Path snapshot, Paging paging, NetworkPolicy network) {
    /** Empty for a restore that records, which is the first and the last of its kind. */
    static Optional<Key> of(StartPlan.Restore plan, SandboxSpec spec) {
      return plan.record()
          ? Optional.empty()
          : Optional.of(new Key(plan.snapshot(), plan.paging(), spec.network()));
    }
  }

  private final int most;
  private final Map<Key, Restoration> ready = new LinkedHashMap<>(); // longest unused first
  private final Set<Key> making = new HashSet<>();
  private final Executor later =
      CompletableFuture.delayedExecutor(
          REST_MILLIS,
          TimeUnit.MILLISECONDS,
          task -> Thread.ofVirtual().name("idle-vm").start(task));
  private long made;
  private boolean closed;

  /**
   * @param most that wait at a time; 0 for none
   */
  IdleVms(int most) {
    this.most = most;
  }

  /** One that waits, if there is one: now the caller's. */
  Optional<Restoration> take(Key key) {
    Restoration found;
    synchronized (this) {
      found = ready.remove(key);
    }
    if (found != null && !found.usable()) {
      found.place().leave();
      return Optional.empty();
    }
    return Optional.ofNullable(found);
  }

  /**
   * Has one made soon, unless there is one.
   *
   * @param maker makes one, given its name
   */
  synchronized void want(Key key, Function<String, Restoration> maker) {
    if (most > 0 && !closed && !ready.containsKey(key) && making.add(key)) {
      String name = "idle-" + made++;
      later.execute(() -> make(key, name, maker));
    }
  }

  /** How many wait. */
  synchronized int count() {
    return ready.size();
  }

  private void make(Key key, String name, Function<String, Restoration> maker) {
    Optional<Restoration> fresh = Optional.empty();
    try {
      if (!isClosed()) {
        fresh = Optional.of(maker.apply(name));
      }
    } catch (SkepException e) {
      LOG.info("no idle VMM for {}: {}", key.snapshot().getFileName(), e.getMessage());
    }
    List<Restoration> surplus = put(key, fresh);
    surplus.forEach(one -> one.place().leave());
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Those that are too many now. */
  private synchronized List<Restoration> put(Key key, Optional<Restoration> fresh) {
    making.remove(key);
    if (fresh.isEmpty()) {
      return List.of();
    }
    if (closed) {
      return List.of(fresh.get());
    }
    ready.put(key, fresh.get());
    var _ = fresh.get().waiting().vm().onExit().thenRun(() -> ended(key, fresh.get()));
    if (ready.size() <= most) {
      return List.of();
    }
    Key oldest = ready.keySet().iterator().next();
    return Optional.ofNullable(ready.remove(oldest)).stream().toList();
  }

  /** Its VMM is gone; nothing to do if somebody took it before. */
  private void ended(Key key, Restoration idle) {
    boolean ours;
    synchronized (this) {
      ours = ready.remove(key, idle);
    }
    if (ours) {
      LOG.info("idle VMM {} has ended", idle.place().machine().id());
      Thread.ofVirtual().name("idle-vm-end").start(idle.place()::leave);
    }
  }

  /** Ends all of them; those that are being made end when they are done. */
  @Override
  public void close() {
    List<Restoration> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(ready.values());
      ready.clear();
    }
    all.forEach(one -> one.place().leave());
  }
}
