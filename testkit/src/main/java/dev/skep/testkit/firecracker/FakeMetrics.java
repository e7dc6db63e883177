package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Firecracker's metrics, of them those of time: a line when the machine has started and whenever
 * asked, in a file that is neither emptied nor appended to, or a pipe.
 */
final class FakeMetrics {
  private static final List<String> LATENCIES =
      List.of(
          "full_create_snapshot",
          "diff_create_snapshot",
          "load_snapshot",
          "pause_vm",
          "resume_vm",
          "vmm_full_create_snapshot",
          "vmm_diff_create_snapshot",
          "vmm_load_snapshot",
          "vmm_pause_vm",
          "vmm_resume_vm");

  private final Map<String, Long> process = new LinkedHashMap<>();
  private final Map<String, Long> latencies = new LinkedHashMap<>();
  private Optional<FileChannel> file = Optional.empty();

  FakeMetrics() {
    process.put("process_startup_time_us", 0L);
    process.put("process_startup_time_cpu_us", 0L);
    LATENCIES.forEach(name -> latencies.put(name, 0L));
  }

  /** Once. A pipe is opened without waiting for its other end. */
  void open(Path path) throws Fault {
    String problem = "Metrics error: Cannot initialize the metrics system due to bad user input: ";
    if (file.isPresent()) {
      throw Fault.of(problem + "Reinitialization of metrics not allowed.");
    }
    try {
      file =
          Optional.of(
              FileChannel.open(
                  path,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw Fault.of(problem + e.getMessage());
    }
  }

  /** The process was told when it was started, by the clock that starts with the host. */
  void startedAt(long micros) {
    process.put("process_startup_time_us", System.nanoTime() / 1000 - micros);
    ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .ifPresent(spent -> process.put("process_startup_time_cpu_us", spent.toNanos() / 1000));
  }

  void took(String name, long nanos) {
    latencies.put(name, Math.max(1, nanos / 1000));
  }

  /** Adds a line, if it is known where. */
  void flush() {
    if (file.isEmpty()) {
      return;
    }
    var all = new LinkedHashMap<String, Object>();
    all.put("utc_timestamp_ms", System.currentTimeMillis());
    all.put("api_server", process);
    all.put("latencies_us", latencies);
    ByteBuffer line = StandardCharsets.UTF_8.encode(Json.text(all) + "\n");
    try {
      while (line.hasRemaining()) {
        file.get().write(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
