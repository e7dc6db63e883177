package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.control.Endpoint;
import dev.skep.control.LoadSample;
import dev.skep.control.RevisionTraffic;
import dev.skep.sandbox.StartFailure;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who may enter the instances of one revision, and who waits for them: the only owner of instances,
 * slots and waiters.
 *
 * <p>Any thread may call it. Every method is one short critical section under the pool's lock;
 * waiters are called after the lock is left. Between calls these hold: no instance has more than
 * {@code containerConcurrency} requests; while somebody waits, no instance that may be used has a
 * free slot; waiters get slots in the order in which they came.
 */
final class RevisionPool implements Router.Resolution {
  /** What became of a request that asked for a slot. */
  sealed interface Admission permits Instance, Denied {}

  /** The ways not to get a slot at once. */
  enum Denied implements Admission {
    /** It waits; {@link Waiter} is called. */
    PARKED,
    /** Too many wait already. */
    FULL,
    /** The revision is gone. */
    FORGOTTEN
  }

  /** A request that waits. Called from any thread, exactly once unless it left before. */
  interface Waiter {
    /** The waiter owns a slot of the instance now and must give it back. */
    void assigned(Instance instance);

    /** Its revision's starts fail. */
    void refused(StartFailure failure);

    /** Its revision is gone. */
    void forgotten();
  }

  private record HandOff(Waiter waiter, Instance instance) {
    void deliver() {
      waiter.assigned(instance);
    }
  }

  private final RevisionKey key;
  private final List<Loop> loops;
  private final LongSupplier clock;
  private final Object lock = new Object();

  private volatile RevisionTraffic traffic;

  // Guarded by lock.
  private final List<Instance> usable = new ArrayList<>();
  private final List<Instance> known = new ArrayList<>();
  private final LinkedHashSet<Waiter> waiters = new LinkedHashSet<>();
  private boolean forgotten;
  private int inFlight;
  private int turn;
  private long arrived;
  private double area;
  private long areaNanos;
  private long sampledNanos;

  RevisionPool(RevisionTraffic traffic, List<Loop> loops, LongSupplier clock) {
    this.key = traffic.key();
    this.traffic = traffic;
    this.loops = loops;
    this.clock = clock;
    areaNanos = clock.getAsLong();
    sampledNanos = areaNanos;
  }

  RevisionKey key() {
    return key;
  }

  RevisionTraffic traffic() {
    return traffic;
  }

  /** Changes how requests are treated; also brings a forgotten revision back. */
  void traffic(RevisionTraffic next) {
    List<HandOff> handOffs;
    synchronized (lock) {
      integrate(clock.getAsLong());
      traffic = next;
      forgotten = false;
      handOffs = handOff();
    }
    handOffs.forEach(HandOff::deliver);
  }

  /** Gives a slot, or a place in the queue. */
  Admission admit(Waiter waiter, long now) {
    synchronized (lock) {
      integrate(now);
      arrived++;
      if (forgotten) {
        return Denied.FORGOTTEN;
      }
      Instance instance = waiters.isEmpty() ? leastLoaded() : null;
      if (instance != null) {
        return take(instance);
      }
      if (waiters.size() >= traffic.queueDepth()) {
        return Denied.FULL;
      }
      waiters.addLast(waiter);
      return Denied.PARKED;
    }
  }

  /**
   * As {@link #admit} for a request whose instance could not be reached: it is first in the queue.
   */
  Admission admitAgain(Waiter waiter, long now) {
    synchronized (lock) {
      integrate(now);
      if (forgotten) {
        return Denied.FORGOTTEN;
      }
      Instance instance = leastLoaded();
      if (instance != null) {
        return take(instance);
      }
      waiters.addFirst(waiter);
      return Denied.PARKED;
    }
  }

  /** A waiter goes; false when it has got its answer or will get it. */
  boolean leave(Waiter waiter) {
    synchronized (lock) {
      integrate(clock.getAsLong());
      return waiters.remove(waiter);
    }
  }

  /**
   * Gives a slot back; the first waiter gets it.
   *
   * @return whether the revision is forgotten and this was the last request inside
   */
  boolean release(Instance instance, long now) {
    Waiter next = null;
    boolean finished;
    synchronized (lock) {
      integrate(now);
      instance.load--;
      inFlight--;
      if (!waiters.isEmpty() && mayEnter(instance)) {
        next = waiters.removeFirst();
        take(instance);
      } else if (instance.removed() && instance.load == 0) {
        known.remove(instance);
      }
      finished = forgotten && inFlight == 0;
    }
    if (next != null) {
      next.assigned(instance);
    }
    return finished;
  }

  /**
   * Keeps an instance out of use because it can't be reached.
   *
   * @return failures in a row, this one included
   */
  int suspend(Instance instance) {
    synchronized (lock) {
      instance.suspended = true;
      usable.remove(instance);
      return ++instance.failures;
    }
  }

  /** Ends {@link #suspend}: the instance is tried again. */
  void resume(Instance instance) {
    List<HandOff> handOffs = List.of();
    synchronized (lock) {
      boolean back = instance.suspended && !instance.removed();
      instance.suspended = false;
      if (back) {
        integrate(clock.getAsLong());
        usable.add(instance);
        handOffs = handOff();
      }
    }
    handOffs.forEach(HandOff::deliver);
  }

  /** A connection to the instance was made. */
  void reached(Instance instance) {
    synchronized (lock) {
      instance.failures = 0;
    }
  }

  /** Replaces the ready instances. */
  void endpoints(List<Endpoint> ready) {
    List<Instance> gone = new ArrayList<>();
    List<HandOff> handOffs;
    long now = clock.getAsLong();
    synchronized (lock) {
      integrate(now);
      for (Instance instance : List.copyOf(known)) {
        if (!instance.removed() && !ready.contains(instance.endpoint())) {
          remove(instance);
          gone.add(instance);
        }
      }
      for (Endpoint endpoint : ready) {
        put(endpoint, now);
      }
      handOffs = handOff();
    }
    handOffs.forEach(HandOff::deliver);
    gone.forEach(Instance::closeIdle);
  }

  /** An instance runs no more: who is inside learns of it now. */
  void ended(String id) {
    List<Instance> dead;
    synchronized (lock) {
      dead = known.stream().filter(instance -> instance.id().equals(id)).toList();
      dead.forEach(this::remove);
    }
    dead.forEach(Instance::closeAll);
  }

  /** Sends all waiters away: the starts that they wait for fail. */
  void refuse(StartFailure failure) {
    takeWaiters().forEach(waiter -> waiter.refused(failure));
  }

  /** Sends all waiters away and lets nobody in. */
  void forget() {
    List<Instance> gone;
    synchronized (lock) {
      forgotten = true;
      gone = List.copyOf(known);
      gone.forEach(this::remove);
    }
    takeWaiters().forEach(Waiter::forgotten);
    gone.forEach(Instance::closeIdle);
  }

  /** Whether it is forgotten and nobody is inside. */
  boolean finished() {
    synchronized (lock) {
      return forgotten && inFlight == 0;
    }
  }

  /** The load since the last sample. */
  LoadSample sample() {
    synchronized (lock) {
      long now = clock.getAsLong();
      integrate(now);
      double period = areaNanos - sampledNanos;
      double mean = period > 0 ? area / period : inFlight + waiters.size();
      LoadSample sample = new LoadSample(inFlight, waiters.size(), mean, arrived);
      sampledNanos = areaNanos;
      area = 0;
      arrived = 0;
      return sample;
    }
  }

  /** Requests inside instances of that name, removed ones included. */
  int inFlight(String instance) {
    synchronized (lock) {
      int sum = 0;
      for (Instance each : known) {
        sum += each.id().equals(instance) ? each.load : 0;
      }
      return sum;
    }
  }

  private List<Waiter> takeWaiters() {
    synchronized (lock) {
      integrate(clock.getAsLong());
      List<Waiter> all = List.copyOf(waiters);
      waiters.clear();
      return all;
    }
  }

  private void put(Endpoint endpoint, long now) {
    for (Instance instance : known) {
      if (instance.endpoint().equals(endpoint)) {
        if (instance.removed()) {
          instance.removed(false);
          instance.suspended = false;
          usable.add(instance);
        }
        return;
      }
    }
    Instance instance = new Instance(this, endpoint, now, loops);
    known.add(instance);
    usable.add(instance);
  }

  private void remove(Instance instance) {
    instance.removed(true);
    usable.remove(instance);
    if (instance.load == 0) {
      known.remove(instance);
    }
  }

  /** Gives free slots to waiters, first come, first served. */
  private List<HandOff> handOff() {
    List<HandOff> handOffs = new ArrayList<>();
    while (!waiters.isEmpty()) {
      Instance instance = leastLoaded();
      if (instance == null) {
        break;
      }
      handOffs.add(new HandOff(waiters.removeFirst(), take(instance)));
    }
    return handOffs;
  }

  private @Nullable Instance leastLoaded() {
    int count = usable.size();
    if (count == 0) {
      return null;
    }
    // Ties go round: an idle revision uses all its instances instead of the first.
    turn = turn + 1 < count ? turn + 1 : 0;
    Instance best = usable.get(turn);
    for (int i = 1; i < count && best.load > 0; i++) {
      int index = turn + i;
      Instance other = usable.get(index < count ? index : index - count);
      if (other.load < best.load) {
        best = other;
      }
    }
    return mayEnter(best) ? best : null;
  }

  private boolean mayEnter(Instance instance) {
    int limit = traffic.containerConcurrency();
    return !instance.removed() && !instance.suspended && (limit == 0 || instance.load < limit);
  }

  private Instance take(Instance instance) {
    instance.load++;
    inFlight++;
    return instance;
  }

  private void integrate(long now) {
    // Threads read the clock before they get the lock: time may seem to step back by a little.
    if (now > areaNanos) {
      area += (double) (inFlight + waiters.size()) * (now - areaNanos);
      areaNanos = now;
    }
  }
}
