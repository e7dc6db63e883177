package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The raw data: one line for each start, columns in a fixed order, times in milliseconds. */
final class BenchCsv {
  private BenchCsv() {}

  static String starts(List<BenchStart> starts) {
    var header = new ArrayList<>(List.of("function", "plan", "cache", "round", "input"));
    header.addAll(List.of("first_byte_ms", "total_ms"));
    Arrays.stream(Phase.values()).forEach(phase -> header.add(phase.label() + "_ms"));
    header.addAll(List.of("set_pages", "set_fetch_ms", "set_install_ms"));
    header.addAll(List.of("demand_faults", "vmm_major_faults", "vmm_cpu_ms"));
    var text = new StringBuilder(line(header));
    starts.forEach(start -> text.append(line(cells(start))));
    return text.toString();
  }

  private static List<String> cells(BenchStart start) {
    var cells =
        new ArrayList<>(
            List.of(
                start.function(),
                start.plan().label(),
                start.plan().starts() ? start.cache() : "",
                Integer.toString(start.round()),
                start.input(),
                millis(start.firstByteMillis()),
                millis(start.totalMillis())));
    Arrays.stream(Phase.values()).forEach(phase -> cells.add(millis(start.phase(phase))));
    cells.add(Long.toString(start.setPages()));
    cells.add(millis(start.fetchMillis()));
    cells.add(millis(start.installMillis()));
    cells.add(start.demandFaults() < 0 ? "" : Long.toString(start.demandFaults()));
    cells.add(Long.toString(start.majorFaults()));
    cells.add(Long.toString(start.cpuMillis()));
    return cells;
  }

  static String bursts(List<BenchBurst> bursts) {
    var text = new StringBuilder();
    text.append("function,plan,restores,wall_ms,median_start_ms,cpu_ms,");
    text.append("pss_bytes,guest_private_bytes,vmm_private_bytes\n");
    for (BenchBurst burst : bursts) {
      text.append(
          line(
              List.of(
                  burst.function(),
                  burst.plan().label(),
                  Integer.toString(burst.restores()),
                  millis(burst.wallMillis()),
                  millis(burst.startMillis()),
                  Long.toString(burst.cpuMillis()),
                  Long.toString(burst.proportionalBytes()),
                  Long.toString(burst.ownGuestBytes()),
                  Long.toString(burst.ownRestBytes()))));
    }
    return text.toString();
  }

  private static String millis(double millis) {
    return String.format(Locale.ROOT, "%.3f", millis);
  }

  private static String line(List<String> cells) {
    return String.join(",", cells.stream().map(BenchCsv::quoted).toList()) + "\n";
  }

  /** RFC 4180. */
  private static String quoted(String cell) {
    return cell.matches("[^,\"\\r\\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }
}
