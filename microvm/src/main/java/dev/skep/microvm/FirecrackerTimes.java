package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.linux.Fifo;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What Firecracker itself says that its part of a start or of a save took: the last values among
 * its metrics, which it writes into a pipe when asked and once a minute. Of what nobody reads, the
 * pipe takes some, and Firecracker counts the rest as missed.
 */
final class FirecrackerTimes {
  /** Name of the pipe in the folder. */
  static final String METRICS = "metrics";

  private static final Logger LOG = LoggerFactory.getLogger(FirecrackerTimes.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int MOST_BYTES = 1 << 20;

  private static final List<Time> TIMES =
      List.of(
          new Time("process", "/api_server/process_startup_time_us"),
          new Time("its CPU", "/api_server/process_startup_time_cpu_us"),
          new Time("load", "/latencies_us/load_snapshot"),
          new Time("load in the VMM", "/latencies_us/vmm_load_snapshot"),
          new Time("pause", "/latencies_us/pause_vm"),
          new Time("full save", "/latencies_us/full_create_snapshot"),
          new Time("diff save", "/latencies_us/diff_create_snapshot"));

  private final FirecrackerVm vm;
  private final Path pipe;

  private record Time(String name, String pointer) {
    private Optional<String> in(JsonNode metrics) {
      long micros = metrics.at(pointer).asLong(0); // zero: has not happened
      return micros <= 0
          ? Optional.empty()
          : Optional.of(String.format(Locale.ROOT, "%s %.1f ms", name, micros / 1000.0));
    }
  }

  /**
   * @param folder in which the VMM works
   */
  FirecrackerTimes(FirecrackerVm vm, Path folder) {
    this.vm = vm;
    this.pipe = folder.resolve(METRICS);
  }

  /** Adds a line to the log, later: nobody waits, as a guest's fault may hold the answer up. */
  void log() {
    Thread.ofVirtual().name("firecracker-times").start(this::tryToLog);
  }

  private void tryToLog() {
    try {
      LOG.debug("VMM {} by its own clock: {}", vm.pid(), read());
    } catch (SkepException e) {
      LOG.debug("VMM {} tells no times: {}", vm.pid(), e.getMessage());
    }
  }

  /** For people; empty where it says nothing that can be understood. */
  synchronized String read() {
    Fifo.drain(pipe, MOST_BYTES); // room for what follows
    vm.ask(
        api -> {
          api.put("/actions", FirecrackerApi.body().put("action_type", "FlushMetrics"));
          return true;
        });
    return Fifo.drain(pipe, MOST_BYTES)
        .lines()
        .reduce((_, later) -> later)
        .map(FirecrackerTimes::of)
        .orElse("");
  }

  /** As {@link #read}, of one line of metrics. */
  static String of(String line) {
    try {
      JsonNode metrics = JSON.readTree(line);
      return TIMES.stream()
          .flatMap(time -> time.in(metrics).stream())
          .collect(Collectors.joining(", "));
    } catch (JacksonException e) {
      return "";
    }
  }
}
