package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HostClockTest {
  @Test
  void tellsTheGuestTheRateOfTheHostsCounter() {
    String cpuinfo =
        "processor\t: 0\ncpu MHz\t\t: 1199.998\nbogomips\t: 5192.29\n\nprocessor\t: 1\n";

    assertThat(HostClock.kernelArguments(cpuinfo))
        .containsExactly("tsc_early_khz=2596145", "tsc=reliable");
  }

  @Test
  void doesNotTrustARateThatIsAGuess() {
    assertThat(HostClock.kernelArguments("processor\t: 0\n"))
        .containsExactly("tsc_early_khz=2600000");
  }
}
