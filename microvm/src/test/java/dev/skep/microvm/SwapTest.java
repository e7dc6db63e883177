package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SwapTest {
  @Test
  void onlyAZeroIsNothing() {
    assertThat(Swap.nothingIn("Name:\tx\nVmSwap:\t       0 kB\nThreads:\t1\n")).isTrue();
    assertThat(Swap.nothingIn("Name:\tx\nVmSwap:\t      20 kB\n")).isFalse();
    assertThat(Swap.nothingIn("Name:\tVmSwap: 0 kB\nThreads:\t1\n")).isFalse();
  }

  @Test
  void ofAProcessThatIsNotThereNothingIsKnown() {
    assertThat(Swap.nothingOf(Long.MAX_VALUE)).isFalse();
  }
}
