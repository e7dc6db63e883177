package dev.skep.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.linux.ByteRange;
import org.junit.jupiter.api.Test;

class WorkingSetTest {
  private static final int PAGE = WorkingSet.PAGE_BYTES;

  @Test
  void joinsNeighboursAndWhatIsNotFarApart() {
    var set = WorkingSet.of(100 * PAGE, PAGE, 9, 1, 2, 5);

    assertThat(set.ranges(0))
        .containsExactly(
            new ByteRange(PAGE, 2 * PAGE),
            new ByteRange(5 * PAGE, PAGE),
            new ByteRange(9 * PAGE, PAGE));
    assertThat(set.ranges(2 * PAGE))
        .containsExactly(new ByteRange(PAGE, 5 * PAGE), new ByteRange(9 * PAGE, PAGE));
    assertThat(WorkingSet.of(PAGE, PAGE).ranges(0)).isEmpty();
  }

  @Test
  void sliceKeepsTheOrderOfAccess() {
    assertThat(WorkingSet.of(100 * PAGE, PAGE, 9, 1, 2, 5).slice(1, 3))
        .isEqualTo(WorkingSet.of(100 * PAGE, PAGE, 1, 2));
  }

  @Test
  void exportsTheTraceOfVhive() throws Exception {
    var trace = new StringBuilder();
    WorkingSet.of(100 * PAGE, PAGE, 10, 0, 3).exportTrace(trace);
    assertThat(trace).hasToString("a000\n0\n3000\n");
  }

  @Test
  void refusesWhatIsNoSetOfPages() {
    refuses("page 4, expected one of the memory's 4", 4 * PAGE, PAGE, 0, 4);
    refuses("page -1", 4 * PAGE, PAGE, -1);
    refuses("page 2 twice", 4 * PAGE, PAGE, 2, 1, 2);
    refuses("pages of 4095 bytes", 4 * PAGE, 4095);
    refuses("memory of 8000 bytes", 8000, PAGE);
  }

  private static void refuses(String why, long memoryBytes, int pageBytes, int... pages) {
    assertThatThrownBy(() -> WorkingSet.of(memoryBytes, pageBytes, pages))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(why);
  }
}
