package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What is shown of each function: a cold call, warm calls, a burst, and the way back to zero. */
final class DemoShow {
  private static final int WARM_CALLERS = 4;

  /** As many as a burst asks for. */
  private static final int MOST_INSTANCES = 3;

  /** The window is short, so that nobody waits a minute to see a function go. */
  private static final Map<String, String> SCALING =
      Map.of(
          ExampleServices.SCALING + "initial-scale",
          "0",
          ExampleServices.SCALING + "max-scale",
          Integer.toString(MOST_INSTANCES),
          ExampleServices.SCALING + "window",
          "8s");

  /** Three times what one instance of the examples takes at once. */
  private static final int BURST_CALLERS = 30;

  private static final Duration BURST_AT_LEAST = Duration.ofSeconds(3);
  private static final Duration BURST_AT_MOST = Duration.ofSeconds(30);
  private static final Duration AT_ZERO = Duration.ofMillis(1500);
  private static final Duration TO_ZERO_AT_MOST = Duration.ofMinutes(1);

  private final ExampleServices services;
  private final Path state;
  private final StepProgress progress;
  private final int requests;

  DemoShow(ExampleServices services, Path state, StepProgress progress, int requests) {
    this.services = services;
    this.state = state;
    this.progress = progress;
    this.requests = requests;
  }

  /** Runs it and prints the tables; whether all went as it should. */
  boolean run(Terminal terminal, List<DemoFunction> functions, Map<String, String> images)
      throws Exception {
    try (DemoWatch watch = DemoWatch.start(state, functions)) {
      var results = new ArrayList<DemoResult>();
      for (DemoFunction function : functions) {
        String image = Objects.requireNonNull(images.get(function.name()));
        results.add(play(function, image, watch.of(function)));
      }
      progress.step("all functions back at zero instances", () -> awaitZero(functions, watch));
      var report = new DemoReport(terminal, watch.soFar());
      results.forEach(result -> terminal.print(report.of(result, watch.of(result.function()))));
      terminal.print(report.summary(results));
      return results.stream().allMatch(DemoResult::good);
    }
  }

  /** Deploys them as they were shown. */
  void deploy(List<DemoFunction> functions, Map<String, String> images)
      throws IOException, InterruptedException {
    for (DemoFunction function : functions) {
      String image = Objects.requireNonNull(images.get(function.name()));
      services.deploy(function.example(), image, SCALING);
    }
  }

  private DemoResult play(DemoFunction function, String image, DemoTimeline timeline)
      throws Exception {
    String name = function.name();
    Json service =
        progress.step(
            name + " deployed", () -> services.deploy(function.example(), image, SCALING));
    InetSocketAddress gateway = services.gateway();
    String authority = Services.url(service).getRawAuthority();
    Invocation first =
        progress.step(
            name + " answered its first request", () -> once(function, gateway, authority));
    Json start =
        services
            .start(function.example(), first)
            .orElseThrow(
                () -> new SkepException(Code.INTERNAL, name + ": its start left no record"));
    var warm = new DemoLoad(function.calls().through(gateway, authority, false));
    DemoLoad.Result warmed =
        progress.step(
            name + " answered " + requests + " more", () -> warm.send(requests, WARM_CALLERS));
    var burst = new DemoLoad(function.calls().through(gateway, authority, true));
    DemoLoad.Result burned =
        progress.step(name + " scaled out under a burst", () -> burst(burst, timeline));
    return new DemoResult(
        function, start, text(first), warmed, WARM_CALLERS, burned, BURST_CALLERS);
  }

  private static Invocation once(DemoFunction function, InetSocketAddress gateway, String authority)
      throws IOException {
    try (Caller caller = function.calls().through(gateway, authority, false).open()) {
      Invocation answer = caller.call();
      if (answer.status() >= 400) {
        throw new SkepException(
            Code.INTERNAL,
            function.name() + ": first answer: HTTP " + answer.status() + ": " + text(answer));
      }
      return answer;
    }
  }

  /** Until as many instances as may be are up, and a little longer. */
  private static DemoLoad.Result burst(DemoLoad load, DemoTimeline timeline)
      throws InterruptedException {
    long began = System.nanoTime();
    return load.sendWhile(
        () -> {
          long spent = System.nanoTime() - began;
          boolean out = timeline.now() >= MOST_INSTANCES;
          return spent < BURST_AT_LEAST.toNanos() || (!out && spent < BURST_AT_MOST.toNanos());
        },
        BURST_CALLERS);
  }

  private static boolean awaitZero(List<DemoFunction> functions, DemoWatch watch)
      throws InterruptedException {
    long deadline = System.nanoTime() + TO_ZERO_AT_MOST.toNanos();
    while (functions.stream().anyMatch(function -> watch.of(function).now() > 0)) {
      if (System.nanoTime() > deadline) {
        throw new SkepException(
            Code.TIMEOUT,
            "instances are still up " + TO_ZERO_AT_MOST.toSeconds() + " s after the last request");
      }
      Thread.sleep(100);
    }
    Thread.sleep(AT_ZERO.toMillis()); // so that the line shows it
    return true;
  }

  private static String text(Invocation answer) {
    return new String(answer.body(), StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
  }
}
