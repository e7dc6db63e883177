package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * What a translated guest must be told of the host's time stamp counter, which is its own: QEMU's
 * TCG hands it through, and the guest has nothing to measure it against. Left alone, the guest's
 * kernel hangs in a calibration when the host is busy, distrusts the counter, and counts time in
 * ticks of 4 ms.
 */
final class HostClock {
  /** Linux derives it from the counter's rate: twice the rate in MHz, to two places. */
  private static final Pattern BOGOMIPS = Pattern.compile("(?m)^bogomips\\s*:\\s*([0-9.]+)\\s*$");

  private HostClock() {}

  static List<String> kernelArguments() {
    try {
      return kernelArguments(Files.readString(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "/proc/cpuinfo: " + e.getMessage(), e);
    }
  }

  /** Where the rate is unknown, any plausible one prevents the hang; but then it is not trusted. */
  static List<String> kernelArguments(String cpuinfo) {
    OptionalLong rate = tscKhz(cpuinfo);
    var arguments = new ArrayList<String>();
    arguments.add("tsc_early_khz=" + rate.orElse(2_600_000));
    if (rate.isPresent()) {
      arguments.add("tsc=reliable");
    }
    return List.copyOf(arguments);
  }

  static OptionalLong tscKhz(String cpuinfo) {
    var found = BOGOMIPS.matcher(cpuinfo);
    return found.find()
        ? OptionalLong.of(Math.round(Double.parseDouble(found.group(1)) * 500))
        : OptionalLong.empty();
  }
}
