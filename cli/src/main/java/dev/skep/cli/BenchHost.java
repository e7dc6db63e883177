package dev.skep.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The facts without which no number of a cold start means anything. */
final class BenchHost {
  private BenchHost() {}

  /**
   * @param state the folder in which images and snapshots are
   */
  static Map<String, String> facts(Json status, Path state) throws IOException {
    var facts = new LinkedHashMap<String, String>();
    facts.put("microVMs", status.at("sandboxes", "kinds", "microvm", "detail").text());
    facts.put("processor", processor() + ", " + cores() + " cores");
    facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("memory", firstLine(Path.of("/proc/meminfo")).replaceFirst("MemTotal: *", ""));
    facts.put("file system", Files.getFileStore(state).type());
    facts.put("device read-ahead", readAhead(state));
    facts.put("load before", firstLine(Path.of("/proc/loadavg")).split(" ", 2)[0]);
    facts.put("Skep", status.at("version").text());
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    return facts;
  }

  static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  private static String processor() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private static String readAhead(Path state) throws IOException {
    long device = (long) Files.getAttribute(state, "unix:dev");
    long major = (device >> 8) & 0xfff;
    long minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    Path queue = Path.of("/sys/dev/block/" + major + ":" + minor);
    for (String name : List.of("queue/read_ahead_kb", "../queue/read_ahead_kb")) {
      if (Files.isReadable(queue.resolve(name))) {
        return firstLine(queue.resolve(name)) + " kB";
      }
    }
    return "unknown";
  }

  private static String firstLine(Path file) throws IOException {
    return Files.readAllLines(file).getFirst().strip();
  }
}
