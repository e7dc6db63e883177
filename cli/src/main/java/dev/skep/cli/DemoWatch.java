package dev.skep.cli;

import dev.skep.api.SkepException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Looks at the daemon's instances a few times a second, on a thread of its own. */
final class DemoWatch implements AutoCloseable {
  private static final long PERIOD_MILLIS = 200;

  private final Map<String, DemoTimeline> timelines = new LinkedHashMap<>();
  private final Path state;
  private final long originNanos = System.nanoTime();
  private final Thread thread;

  private DemoWatch(Path state, List<DemoFunction> functions) {
    this.state = state;
    for (DemoFunction function : functions) {
      timelines.put(function.name(), new DemoTimeline(originNanos));
    }
    this.thread = Thread.ofPlatform().daemon().name("demo-watch").unstarted(this::loop);
  }

  static DemoWatch start(Path state, List<DemoFunction> functions) {
    var watch = new DemoWatch(state, functions);
    watch.thread.start();
    return watch;
  }

  /** A stretch of {@link System#nanoTime}. */
  record Period(long fromNanos, long toNanos) {}

  /** From the start of the watch to now. */
  Period soFar() {
    return new Period(originNanos, System.nanoTime());
  }

  DemoTimeline of(DemoFunction function) {
    return java.util.Objects.requireNonNull(timelines.get(function.name()));
  }

  /** A daemon that goes away ends the watch; the demo notices by itself. */
  private void loop() {
    try (var api = new ApiClient(state)) {
      while (!Thread.currentThread().isInterrupted()) {
        look(api);
        Thread.sleep(PERIOD_MILLIS);
      }
    } catch (SkepException | InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(ApiClient api) {
    var ready = new HashMap<String, Integer>();
    for (Json instance : api.get(ApiClient.instances("default")).at("items").items()) {
      if (instance.at("state").text().equals("ready")) {
        ready.merge(instance.at("service").text(), 1, Integer::sum);
      }
    }
    long now = System.nanoTime();
    timelines.forEach((name, timeline) -> timeline.saw(now, ready.getOrDefault(name, 0)));
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
