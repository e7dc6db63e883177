package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Protocol;
import dev.skep.control.Endpoint;
import dev.skep.control.LoadSample;
import dev.skep.sandbox.StartFailure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Slots and waiters, without connections: a fake clock, a model, and threads. */
class RevisionPoolTest {
  private final AtomicLong clock = new AtomicLong(1_000_000_000L);
  private final RevisionPool pool =
      new RevisionPool(Harness.traffic(Protocol.HTTP1, 2), List.of(), clock::get);

  /** Remembers what became of it. */
  private static final class Request implements RevisionPool.Waiter {
    final int number;
    @Nullable Instance instance;
    boolean refused;

    Request(int number) {
      this.number = number;
    }

    @Override
    public void assigned(Instance to) {
      assertThat(instance).isNull();
      instance = to;
    }

    @Override
    public void refused(StartFailure failure) {
      refused = true;
    }

    @Override
    public void forgotten() {
      refused = true;
    }
  }

  private static List<Endpoint> endpoints(int... numbers) {
    List<Endpoint> all = new ArrayList<>();
    for (int number : numbers) {
      all.add(Harness.endpoint("i-" + number, 1000 + number));
    }
    return all;
  }

  private RevisionPool.Admission admit(Request request) {
    RevisionPool.Admission admission = pool.admit(request, clock.get());
    if (admission instanceof Instance instance) {
      request.instance = instance;
    }
    return admission;
  }

  @Test
  void choosesTheLeastLoadedInstanceAndGoesRoundTies() {
    pool.traffic(Harness.traffic(Protocol.HTTP1, 0));
    pool.endpoints(endpoints(0, 1, 2));
    Map<String, Integer> load = new HashMap<>();
    for (int i = 0; i < 30; i++) {
      Request request = new Request(i);
      assertThat(admit(request)).isInstanceOf(Instance.class);
      load.merge(
          String.valueOf(request.instance == null ? "" : request.instance.id()), 1, Integer::sum);
      assertThat(load.values().stream().mapToInt(Integer::intValue).max().orElse(0))
          .isLessThanOrEqualTo(i / 3 + 1);
    }
    assertThat(load).containsOnlyKeys("i-0", "i-1", "i-2");
  }

  @Test
  void aRaisedLimitLetsWaitersIn() {
    pool.endpoints(endpoints(0));
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      requests.add(new Request(i));
      admit(requests.get(i));
    }
    assertThat(requests.stream().filter(r -> r.instance != null)).hasSize(2);
    pool.traffic(Harness.traffic(Protocol.HTTP1, 4));
    assertThat(requests.stream().filter(r -> r.instance != null)).hasSize(4);
    pool.traffic(Harness.traffic(Protocol.HTTP1, 1));
    Instance instance = requests.getFirst().instance;
    assertThat(instance).isNotNull();
    for (int i = 0; i < 3; i++) {
      pool.release(Objects.requireNonNull(instance), clock.get());
      assertThat(requests.get(4).instance).isNull(); // still above the lowered limit
    }
    pool.release(Objects.requireNonNull(instance), clock.get());
    assertThat(requests.get(4).instance).isNotNull();
  }

  @Test
  void measuresTheTimeWeightedMean() {
    pool.endpoints(endpoints(0));
    pool.sample();
    Request first = new Request(0);
    admit(first); // 1 for 4 s
    clock.addAndGet(Duration.ofSeconds(4).toNanos());
    Request second = new Request(1);
    Request third = new Request(2);
    admit(second);
    admit(third); // 3, one of them parked, for 2 s
    clock.addAndGet(Duration.ofSeconds(2).toNanos());
    pool.release(Objects.requireNonNull(first.instance), clock.get());
    pool.release(Objects.requireNonNull(second.instance), clock.get());
    pool.release(Objects.requireNonNull(third.instance), clock.get()); // 0 for 4 s
    clock.addAndGet(Duration.ofSeconds(4).toNanos());
    assertThat(pool.sample()).isEqualTo(new LoadSample(0, 0, (4 + 3 * 2) / 10.0, 3));
    assertThat(pool.sample().arrived()).isZero();
  }

  @Test
  void anUnreachableInstanceIsNotUsedUntilItIsTriedAgain() {
    pool.endpoints(endpoints(0));
    Request first = new Request(0);
    admit(first);
    Instance instance = Objects.requireNonNull(first.instance);
    assertThat(pool.suspend(instance)).isEqualTo(1);
    pool.release(instance, clock.get());
    Request second = new Request(1);
    assertThat(admit(second)).isEqualTo(RevisionPool.Denied.PARKED);
    assertThat(pool.admitAgain(first, clock.get())).isEqualTo(RevisionPool.Denied.PARKED);
    pool.traffic(Harness.traffic(Protocol.HTTP1, 1));
    first.instance = null;
    pool.resume(instance);
    assertThat(first.instance).isNotNull(); // it was first, and is first again
    assertThat(second.instance).isNull();
    pool.reached(instance);
    assertThat(pool.suspend(instance)).isEqualTo(1);
  }

  /** Any order of calls, compared with a model after every step. */
  @RepeatedTest(20)
  void holdsItsInvariantsInAnyOrder() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("RevisionPoolTest seed " + seed);
    Random random = new Random(seed);
    int limit = random.nextInt(4);
    int depth = 1 + random.nextInt(20);
    pool.traffic(Harness.queue(limit, depth));
    Deque<Request> waiting = new ArrayDeque<>();
    List<Request> inside = new ArrayList<>();
    List<Integer> live = new ArrayList<>();
    for (int step = 0; step < 2000; step++) {
      clock.addAndGet(random.nextInt(1000));
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> {
          Request request = new Request(step);
          boolean full = waiting.size() >= depth;
          RevisionPool.Admission admission = admit(request);
          if (request.instance != null) {
            assertThat(waiting).as("nobody overtakes, seed %s", seed).isEmpty();
            inside.add(request);
          } else if (admission == RevisionPool.Denied.PARKED) {
            assertThat(full).isFalse();
            waiting.addLast(request);
          } else {
            assertThat(admission).isEqualTo(RevisionPool.Denied.FULL);
            assertThat(full).isTrue();
          }
        }
        case 4, 5, 6 -> {
          if (!inside.isEmpty()) {
            Request done = inside.remove(random.nextInt(inside.size()));
            pool.release(Objects.requireNonNull(done.instance), clock.get());
          }
        }
        case 7 -> {
          if (!waiting.isEmpty()) {
            Request leaver = List.copyOf(waiting).get(random.nextInt(waiting.size()));
            assertThat(pool.leave(leaver)).isTrue();
            waiting.remove(leaver);
          }
        }
        case 8 -> {
          live.clear();
          for (int i = 0; i < 5; i++) {
            if (random.nextBoolean()) {
              live.add(i);
            }
          }
          pool.endpoints(endpoints(live.stream().mapToInt(Integer::intValue).toArray()));
        }
        default -> {
          if (random.nextInt(10) == 0) {
            pool.refuse(StartFailure.of(StartFailure.Reason.HOST, "x"));
            assertThat(waiting).allMatch(request -> request.refused);
            waiting.clear();
          }
        }
      }
      while (!waiting.isEmpty() && waiting.getFirst().instance != null) {
        inside.add(waiting.removeFirst()); // handed over: always from the front
      }
      assertThat(waiting).as("FIFO, seed %s", seed).allMatch(request -> request.instance == null);
      Map<String, Integer> loads = new HashMap<>();
      inside.forEach(r -> loads.merge(Objects.requireNonNull(r.instance).id(), 1, Integer::sum));
      for (int i = 0; i < 5; i++) {
        int load = loads.getOrDefault("i-" + i, 0);
        assertThat(pool.inFlight("i-" + i)).as("seed %s step %s", seed, step).isEqualTo(load);
        if (limit > 0) {
          assertThat(load).isLessThanOrEqualTo(limit);
        }
        if (!waiting.isEmpty() && live.contains(i)) {
          assertThat(load).as("no free slot while one waits, seed %s", seed).isEqualTo(limit);
          assertThat(limit).isPositive();
        }
      }
    }
    LoadSample sample = pool.sample();
    assertThat(sample.inFlight()).isEqualTo(inside.size());
    assertThat(sample.waiting()).isEqualTo(waiting.size());
  }

  /** Threads enter, leave and change instances; the instances count who is inside. */
  @Test
  void neverExceedsTheLimitNorLosesARequestUnderContention() throws Exception {
    int limit = 2;
    int threads = 4;
    int perThread = 5000;
    pool.traffic(Harness.queue(limit, 1_000_000));
    pool.endpoints(endpoints(0, 1, 2));
    Map<String, AtomicInteger> inside =
        Map.of("i-0", new AtomicInteger(), "i-1", new AtomicInteger(), "i-2", new AtomicInteger());
    ConcurrentLinkedQueue<Instance> toLeave = new ConcurrentLinkedQueue<>();
    CountDownLatch served = new CountDownLatch(threads * perThread);
    AtomicReference<@Nullable String> broken = new AtomicReference<>();
    for (int t = 0; t < threads; t++) {
      Thread.ofPlatform()
          .name("pool-stress-" + t)
          .start(
              () -> {
                for (int i = 0; i < perThread; i++) {
                  RevisionPool.Waiter each = entering(inside, toLeave, served, limit, broken);
                  if (pool.admit(each, System.nanoTime()) instanceof Instance instance) {
                    each.assigned(instance);
                  }
                  for (Instance out; (out = toLeave.poll()) != null; ) {
                    leave(inside, out);
                  }
                  if (i % 500 == 0) {
                    pool.endpoints(i % 1000 == 0 ? endpoints(0, 1) : endpoints(0, 1, 2));
                  }
                }
                while (served.getCount() > 0) {
                  for (Instance out; (out = toLeave.poll()) != null; ) {
                    leave(inside, out);
                  }
                  Thread.onSpinWait();
                }
              });
    }
    assertThat(served.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(broken.get()).isNull();
  }

  private void leave(Map<String, AtomicInteger> inside, Instance instance) {
    Objects.requireNonNull(inside.get(instance.id())).decrementAndGet();
    pool.release(instance, System.nanoTime());
  }

  private static RevisionPool.Waiter entering(
      Map<String, AtomicInteger> inside,
      ConcurrentLinkedQueue<Instance> toLeave,
      CountDownLatch served,
      int limit,
      AtomicReference<@Nullable String> broken) {
    return new RevisionPool.Waiter() {
      @Override
      public void assigned(Instance instance) {
        int now = Objects.requireNonNull(inside.get(instance.id())).incrementAndGet();
        if (now > limit) {
          broken.set(instance.id() + " had " + now);
        }
        toLeave.add(instance);
        served.countDown();
      }

      @Override
      public void refused(StartFailure failure) {
        broken.set("refused");
      }

      @Override
      public void forgotten() {
        broken.set("forgotten");
      }
    };
  }
}
