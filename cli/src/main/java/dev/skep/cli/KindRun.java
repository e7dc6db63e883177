package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Starts functions in kinds of sandboxes, one start at a time, and calls each a few times. */
final class KindRun {
  private static final int WARM_CALLS = 20;
  private static final int PREPARATIONS = 5;
  private static final long LOOK_MILLIS = 100;
  private static final int LOOKS = 80; // snapshots are taken, and sets recorded, within seconds

  /** Of starts after which a faster one is possible: the next finds more. */
  private static final Set<String> UNFINISHED = Set.of("boot", "lazy");

  private final BenchRig rig;
  private final ApiClient api;

  KindRun(BenchRig rig, ApiClient api) {
    this.rig = rig;
    this.api = api;
  }

  /** Why this host cannot run such sandboxes; empty if it can. */
  Optional<String> trouble(String kind) throws InterruptedException {
    for (int look = 0; look < LOOKS; look++) {
      Json found = api.get(ApiClient.SKEP + "/status").at("sandboxes", "kinds", kind);
      if (!found.isMissing()) {
        return found.at("available").isTrue()
            ? Optional.empty()
            : Optional.of(found.at("detail").text());
      }
      Thread.sleep(LOOK_MILLIS);
    }
    return Optional.of("not known after some seconds");
  }

  /** From nothing. */
  KindStart boot(BenchFunction function, String kind, int round)
      throws IOException, InterruptedException {
    rig.deploy(function, Map.of(SkepAnnotations.SANDBOX, kind, SkepAnnotations.SNAPSHOT, "never"));
    KindStart start = measure(function, kind, round);
    rig.remove(function);
    return start;
  }

  /** As it is when a snapshot of it is there; empty where such sandboxes have none. */
  List<KindStart> restores(BenchFunction function, String kind, int rounds)
      throws IOException, InterruptedException {
    var starts = new ArrayList<KindStart>();
    for (int attempt = 0; attempt < PREPARATIONS + rounds && starts.size() < rounds; attempt++) {
      rig.deploy(function, Map.of(SkepAnnotations.SANDBOX, kind));
      KindStart start = measure(function, kind, starts.size() + 1);
      if (UNFINISHED.contains(start.plan())) {
        awaitSnapshot();
      } else {
        starts.add(start);
      }
      rig.remove(function);
    }
    return starts;
  }

  private KindStart measure(BenchFunction function, String kind, int round)
      throws IOException, InterruptedException {
    Invocation answer = rig.call(function, function.served());
    Json start = rig.start(function, answer);
    double[] warm = new double[WARM_CALLS];
    for (int i = 0; i < warm.length; i++) {
      warm[i] = rig.call(function, function.served()).nanos() / 1e6;
    }
    Json instance = rig.instance(start.at("instance").text());
    return new KindStart(
        function.name(),
        kind,
        start.at("plan").text(),
        round,
        Times.nanos(start.at("total").text()) / 1e6,
        BenchFigures.median(warm).orElse(0),
        instance.at("stats", "memoryBytes").number());
  }

  /** Until there is one more snapshot, or one with a working set; some kinds never have any. */
  private void awaitSnapshot() throws InterruptedException {
    Map<String, String> before = snapshots();
    for (int look = 0; look < LOOKS && snapshots().equals(before); look++) {
      Thread.sleep(LOOK_MILLIS);
    }
  }

  private Map<String, String> snapshots() {
    var states = new HashMap<String, String>();
    for (Json snapshot : api.get(ApiClient.SKEP + "/snapshots").at("items").items()) {
      states.put(snapshot.at("id").text(), snapshot.at("state").text());
    }
    return states;
  }
}
