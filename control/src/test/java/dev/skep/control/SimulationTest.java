package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.skep.policy.HostLimits;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The real control loop under random events on a virtual clock: requests, crashes, failing starts,
 * new revisions, deletions, unreachable instances, restarts of the daemon. After each event the
 * invariants hold; in the end, when nothing disturbs any more, everything comes to rest. The seed
 * in the name of a failed run repeats it.
 */
final class SimulationTest {
  private static final List<String> SERVICES = List.of("one", "two", "three");
  private static final int MAX_SCALE = 4;
  private static final HostLimits LIMITS = new HostLimits(3, 12);

  @TempDir Path folder;

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void invariantsHoldAfterEveryEvent(long seed) {
    new Run(new World(folder, seed, LIMITS), new Random(seed)).run();
  }

  /** {@code -Dskep.seeds=FIRST..LAST} runs others. */
  static LongStream seeds() {
    String[] range = System.getProperty("skep.seeds", "1..20").split("\\.\\.");
    return LongStream.rangeClosed(Long.parseLong(range[0]), Long.parseLong(range[1]));
  }

  private static final class Run {
    private final World world;
    private final Random random;
    private final Map<String, Integer> versions = new HashMap<>();
    private boolean calm;

    private Run(World world, Random random) {
      this.world = world;
      this.random = random;
      world.runtime.behaving(_ -> behaviour());
      world.afterEachEvent.add(this::checkInvariants);
    }

    private FakeBehaviour behaviour() {
      boolean fails = !calm && random.nextInt(5) == 0;
      return fails ? FakeBehaviour.SILENT.failing(Reason.HOST, "simulated") : FakeBehaviour.SILENT;
    }

    void run() {
      for (int step = 0; step < 400; step++) {
        disturb();
        world.seconds(random.nextDouble() * random.nextInt(1, 4));
      }
      calm = true;
      settle();
    }

    private void disturb() {
      String service = SERVICES.get(random.nextInt(SERVICES.size()));
      boolean exists = world.store.get(World.SERVICES, "default", service).isPresent();
      world.work = Duration.ofMillis(random.nextInt(1, 3000));
      switch (random.nextInt(14)) {
        case 0 -> deploy(service);
        case 1 -> {
          if (exists && random.nextInt(4) == 0) {
            world.delete(service);
          }
        }
        case 2, 3 -> kill();
        case 4 -> suspect();
        case 5 -> {
          if (random.nextInt(4) == 0) {
            world.restartDaemon();
          }
        }
        case 6, 7, 8 -> finishSome();
        default -> {
          if (exists) {
            for (int i = random.nextInt(1, 6); i > 0; i--) {
              world.send(service);
            }
          }
        }
      }
    }

    private void deploy(String service) {
      int version = versions.merge(service, 1, Integer::sum);
      String[] notes = {
        "max-scale", Integer.toString(MAX_SCALE),
        "window", random.nextBoolean() ? "6s" : "20s",
        "initial-scale", Integer.toString(random.nextInt(3)),
        "version", Integer.toString(version)
      };
      world.apply(service, World.IMAGE, random.nextInt(3), notes);
    }

    private void kill() {
      List<FakeSandbox> all = world.sandboxes();
      if (!all.isEmpty()) {
        FakeSandbox victim = all.get(random.nextInt(all.size()));
        victim.die("killed by the simulation");
        world.gateway.breakConnections(victim.id());
      }
    }

    private void suspect() {
      world.reachable = random.nextBoolean();
      for (var entry : world.gateway.allEndpoints().entrySet()) {
        for (String instance : entry.getValue()) {
          if (random.nextInt(3) == 0) {
            world.gateway.listener.unreachable(entry.getKey(), instance, "simulated");
          }
        }
      }
    }

    private void finishSome() {
      for (FakeDataPlane.Request request : List.copyOf(world.gateway.requests)) {
        if (request.answer.isEmpty() && request.instance.isPresent() && random.nextBoolean()) {
          world.finish(request);
        }
      }
    }

    private void checkInvariants() {
      Set<String> alive = world.sandboxes().stream().map(Sandbox::id).collect(Collectors.toSet());
      var seen = new ArrayList<String>();
      world
          .gateway
          .allEndpoints()
          .forEach(
              (revision, endpoints) -> {
                assertThat(endpoints)
                    .as("endpoints of %s: max-scale, and old ones draining", revision)
                    .hasSizeLessThanOrEqualTo(MAX_SCALE);
                seen.addAll(endpoints);
              });
      assertThat(seen).as("an instance is an endpoint once").doesNotHaveDuplicates();
      for (String endpoint : seen) {
        boolean known =
            world.directory.find(endpoint).map(view -> view.state().equals("ready")).orElse(false);
        assertThat(known).as("endpoint %s is a ready instance", endpoint).isTrue();
      }
      assertThat(alive).as("instances on the host").hasSizeLessThanOrEqualTo(LIMITS.instances());
      assertThat(world.loop.services().fleet().startsInFlight())
          .as("starts at once")
          .isLessThanOrEqualTo(LIMITS.startsInFlight());
    }

    private String describe() {
      var text = new StringBuilder();
      for (Revision revision : world.loop.services().fleet().revisions()) {
        text.append(
            "%n%s routed %s %s retrying %s broken %s failures %d until %s, %s"
                .formatted(
                    revision.key(),
                    revision.routed,
                    revision.deployment,
                    revision.retrying,
                    revision.broken,
                    revision.backoff.failures(),
                    revision.backoff.until(),
                    world.gateway.sample(revision.key())));
        revision.instances.values().forEach(each -> text.append(" " + each.id + each.state));
      }
      return text + "\nnow " + world.clock.instant() + " " + world.gateway.allEndpoints();
    }

    /** Without disturbance all requests are answered and everything goes to zero. */
    private void settle() {
      world.reachable = true;
      for (int i = 0; i < 200; i++) {
        finishSome();
        world.seconds(2);
      }
      for (FakeDataPlane.Request request : world.gateway.requests) {
        if (request.answer.isEmpty()) {
          fail("request %s of %s was never answered: %s", request.id, request.revision, describe());
        }
      }
      assertThat(world.sandboxes()).as("instances after the last window: %s", describe()).isEmpty();
      assertThat(world.directory.counts()).isEmpty();
      for (String service : SERVICES) {
        if (world.store.get(World.SERVICES, "default", service).isPresent()) {
          assertThat(world.condition(service, "Ready")).isEqualTo("True");
        }
      }
    }
  }
}
