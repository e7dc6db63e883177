package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TouchedMemoryTest {
  @Test
  void knowsWhichPagesWereTouched() {
    TouchedMemory memory = TouchedMemory.map(8 << 20);
    assertThat(memory.resident().isEmpty()).isTrue();

    memory.write(3 * 4096L + 7, new byte[] {1, 2, 3});
    assertThat(memory.read(1000 * 4096L, 2)).containsExactly(0, 0);

    assertThat(memory.resident().stream()).containsExactly(3, 1000);
    assertThat(memory.read(3 * 4096L + 8, 2)).containsExactly(2, 3);
  }
}
