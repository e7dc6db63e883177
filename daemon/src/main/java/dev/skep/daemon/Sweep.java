package dev.skep.daemon;

import dev.skep.host.HostConfig;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox;
import dev.skep.store.StateLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Ends all sandboxes that a daemon left behind, and removes what they had on the host. */
final class Sweep {
  private Sweep() {}

  /** Needs the state folder for itself: no daemon may run. Gives the number that it stopped. */
  static int run(DaemonOptions options) throws InterruptedException {
    DaemonConfig config = ConfigReader.read(options.configFile());
    Parts parts = new Parts(config, options.state(), config.gateway().port());
    try (var _ = StateLock.acquire(options.state());
        var life = new LifeCycle()) {
      HostConfig nobody = parts.host(Optional.empty(), Optional.empty());
      List<Sandbox> left =
          HostRuntimes.open(parts, nobody, life).runtimes().all().stream()
              .flatMap(runtime -> runtime.adopt().stream())
              .toList();
      stop(left, config.instances().stopGrace());
      return left.size();
    }
  }

  private static void stop(List<Sandbox> sandboxes, Duration grace) throws InterruptedException {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var stops = new ArrayList<Future<Exit>>();
      sandboxes.forEach(sandbox -> stops.add(executor.submit(() -> sandbox.stop(grace))));
      for (Future<Exit> stop : stops) {
        stop.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a sandbox could not be stopped: " + e.getCause(), e);
    }
  }
}
