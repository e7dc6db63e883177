package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.NetworkPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NetworkPoolTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int SIZE = 2;

  private final AddressPlan plan = new AddressPlan("ab3f", 77);
  private final Host host = new Host();
  private final NetworkPool pool =
      new NetworkPool(
          plan,
          new HostFirewall(
              plan, Optional.empty(), Optional.empty(), HostConfig.SERVICES, List.of()),
          host,
          SIZE);

  /** Makes networks when it is allowed to. */
  private static final class Host implements NetworkPool.Maker {
    private final Semaphore allowed = new Semaphore(0);
    private final Semaphore begun = new Semaphore(0);
    private final Set<Integer> there = new ConcurrentSkipListSet<>();
    private final ConcurrentLinkedQueue<Integer> batches = new ConcurrentLinkedQueue<>();
    private final AtomicInteger failures = new AtomicInteger();

    @Override
    public void create(List<Network> networks) {
      begun.release();
      allowed.acquireUninterruptibly();
      if (failures.getAndDecrement() > 0) {
        throw new SkepException(Code.INTERNAL, "ip: no such luck");
      }
      batches.add(networks.size());
      networks.forEach(network -> there.add(network.slot()));
    }

    @Override
    public void delete(Collection<Network> networks) {
      networks.forEach(network -> there.remove(network.slot()));
    }
  }

  @AfterEach
  void close() {
    host.allowed.release(1_000_000);
    pool.close();
  }

  @Test
  void kindsShareTheSlotsAndNothingElse() {
    host.allowed.release(1_000_000);
    pool.start(Set.of());
    pool.expect(Network.Kind.MACHINE);

    Network machine = pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG);
    Network process = pool.acquire(Network.Kind.PROCESS, NetworkPolicy.DEFAULT, LONG);

    assertThat(machine.kind()).isEqualTo(Network.Kind.MACHINE);
    assertThat(process.kind()).isEqualTo(Network.Kind.PROCESS);
    assertThat(process.slot()).isNotEqualTo(machine.slot());
  }

  @Test
  void refillsAfterATakerThatWasThereBeforeTheFirstNetworks() throws Exception {
    pool.start(Set.of());
    pool.expect(Network.Kind.MACHINE);
    host.begun.acquire(); // the first two are being made
    CompletableFuture<Network> first = taken();
    while (pool.waiting() == 0) {
      Thread.onSpinWait();
    }

    host.allowed.release(1_000);

    first.get();
    for (int i = 0; i < 20; i++) {
      pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG);
    }
  }

  @Test
  void everyTakerGetsANetworkOfItsOwn() throws Exception {
    host.allowed.release(1_000);
    pool.start(Set.of(0, 1, 2));
    pool.expect(Network.Kind.MACHINE);
    var taken = new ArrayList<CompletableFuture<Network>>();

    for (int i = 0; i < 100; i++) {
      taken.add(taken());
    }

    var slots = new ConcurrentSkipListSet<Integer>();
    for (CompletableFuture<Network> each : taken) {
      slots.add(each.get().slot());
    }
    assertThat(slots).hasSize(100).doesNotContain(0, 1, 2);
  }

  @Test
  void makesNoMoreThanItsSizeAhead() throws Exception {
    host.allowed.release(1_000);
    pool.start(Set.of());
    pool.expect(Network.Kind.MACHINE);
    Network one = pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG);
    Network two = pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG);
    pool.release(one, NetworkPolicy.DEFAULT);
    pool.release(two, NetworkPolicy.DEFAULT);

    pool.close();

    assertThat(host.batches.stream().mapToInt(size -> size).sum()).isLessThanOrEqualTo(SIZE + 2);
    assertThat(host.there).isEmpty();
  }

  @Test
  void tellsWhyThereIsNone() {
    host.failures.set(Integer.MAX_VALUE);
    host.allowed.release(1_000);
    pool.start(Set.of());
    pool.expect(Network.Kind.MACHINE);

    assertThatThrownBy(() -> pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG))
        .hasMessage("ip: no such luck");
  }

  @Test
  void makesNetworksAgainAfterAFailure() {
    host.failures.set(1);
    host.allowed.release(1_000);
    pool.start(Set.of());
    pool.expect(Network.Kind.MACHINE);
    assertThatThrownBy(() -> pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG))
        .hasMessage("ip: no such luck");

    Network network = null;
    while (network == null) {
      network = tried();
    }

    assertThat(host.there).contains(network.slot());
  }

  @Test
  void saysWhatItIsDoingWhenTimeIsUp() {
    pool.start(Set.of(7));
    pool.expect(Network.Kind.MACHINE);

    assertThatThrownBy(
            () -> pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, Duration.ofMillis(50)))
        .hasMessageMatching(
            "no network namespace within 50 ms \\(1638[123] of 16384 slots are free,"
                + " [12] are being made, 1 starts wait\\)");
  }

  private CompletableFuture<Network> taken() {
    return CompletableFuture.supplyAsync(
        () -> pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG),
        Executors.newVirtualThreadPerTaskExecutor());
  }

  private Network tried() {
    try {
      return pool.acquire(Network.Kind.MACHINE, NetworkPolicy.DEFAULT, LONG);
    } catch (SkepException e) {
      return null;
    }
  }
}
