package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.skep.api.ApiObject;
import dev.skep.policy.HostLimits;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The real control loop under random events on a virtual clock: requests, crashes, failing starts,
 * new revisions, deletions, unreachable instances, restarts of the daemon. After each event the
 * invariants hold; in the end, when nothing disturbs any more, everything comes to rest. The seed
 * in the name of a failed run repeats it.
 */
final class SimulationTest {
  private static final List<String> SERVICES = List.of("one", "two", "three");
  private static final String TAG = "tagged";
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

    /** The store takes no writes now. */
    private boolean full;

    private Run(World world, Random random) {
      this.world = world;
      this.random = random;
      world.runtime.behaving(_ -> behaviour());
      world.lag = () -> Duration.ofMillis(random.nextInt(300));
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
      switch (random.nextInt(17)) {
        case 0 -> {
          if (!full) {
            deploy(service);
          }
        }
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
        case 9 -> {
          if (exists && !full) {
            reroute(service);
          }
        }
        case 10 -> {
          full = random.nextInt(4) == 0;
          world.store.full(full);
        }
        case 11 -> world.sendTo(TAG + "-" + service + ".default.example.test");
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
      ObjectNode object = World.service(service, World.IMAGE, random.nextInt(3), notes);
      if (random.nextInt(3) == 0) {
        object
            .withObject("metadata")
            .withObject("annotations")
            .put(Keys.ROLLOUT_DURATION, random.nextInt(1, 60) + "s");
      }
      route(object, service);
      world.apply(service, object);
    }

    /** Gives the template that there is other traffic. */
    private void reroute(String service) {
      ObjectNode object = world.get(World.SERVICES, service).copy();
      object.withObject("metadata").remove("resourceVersion");
      route(object, service);
      world.apply(service, object);
    }

    /** To the latest revision, to one that there is, or to both; sometimes with a tag. */
    private void route(ObjectNode object, String service) {
      ArrayNode traffic = object.withObject("spec").putArray("traffic");
      List<String> revisions = revisions(service);
      int pinned = revisions.isEmpty() ? 0 : random.nextInt(3) * 50;
      if (pinned > 0) {
        ObjectNode target = traffic.addObject();
        target.put("revisionName", revisions.get(random.nextInt(revisions.size())));
        target.put("percent", pinned);
        if (random.nextBoolean()) {
          target.put("tag", TAG);
        }
      }
      traffic.addObject().put("latestRevision", true).put("percent", 100 - pinned);
    }

    private List<String> revisions(String service) {
      String uid =
          world.store.get(World.SERVICES, "default", service).map(ApiObject::uid).orElse("none");
      return world.store.list(ResourceKind.REVISION, Optional.empty()).items().stream()
          .filter(each -> uid.equals(each.labels().get(Keys.SERVICE_UID)))
          .map(ApiObject::name)
          .toList();
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
      world.gateway.table.hosts().forEach((host, route) -> checkRoute(host, route.targets()));
      assertThat(alive).as("instances on the host").hasSizeLessThanOrEqualTo(LIMITS.instances());
      assertThat(world.loop.reconcilers().fleet().startsInFlight())
          .as("starts at once")
          .isLessThanOrEqualTo(LIMITS.startsInFlight());
    }

    private void checkRoute(String host, List<RouteTable.Target> targets) {
      assertThat(targets.stream().mapToInt(RouteTable.Target::percent).sum())
          .as("percents of %s", host)
          .isEqualTo(100);
      for (RouteTable.Target target : targets) {
        assertThat(world.loop.reconcilers().fleet().find(target.revision()))
            .as("%s leads to a revision that there is", host)
            .isPresent();
      }
    }

    private String describe() {
      var text = new StringBuilder();
      for (Revision revision : world.loop.reconcilers().fleet().revisions()) {
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

    /** Each target that the Service asks for has what it asks for. */
    private void checkTraffic(String service) {
      JsonNode asked = world.get(World.SERVICES, service).spec().path("traffic");
      JsonNode got = world.status(service).path("traffic");
      String latest = world.status(service).path("latestCreatedRevisionName").asString("");
      assertThat(got).hasSameSizeAs(asked);
      for (int i = 0; i < asked.size(); i++) {
        assertThat(got.get(i).path("revisionName").asString(""))
            .isEqualTo(asked.get(i).path("revisionName").asString(latest));
        assertThat(got.get(i).path("percent")).isEqualTo(asked.get(i).path("percent"));
      }
      assertThat(world.routing(latest).state()).isNotEqualTo(Routing.State.PENDING);
    }

    /** Without disturbance all requests are answered and everything goes to zero. */
    private void settle() {
      world.reachable = true;
      world.store.full(false);
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
          assertThat(world.condition(service, "Ready")).as(describe()).isEqualTo("True");
          checkTraffic(service);
        }
      }
    }
  }
}
