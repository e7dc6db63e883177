package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DemoTimelineTest {
  @Test
  void showsTheLargestNumberOfEachStretch() {
    var timeline = new DemoTimeline(1000);
    timeline.saw(1000, 0);
    timeline.saw(1020, 1);
    timeline.saw(1040, 3);
    timeline.saw(1045, 1);
    timeline.saw(1080, 0);

    assertThat(timeline.columns(1000, 1100, 10)).containsExactly(0, 0, 1, 1, 3, 1, 1, 1, 0, 0);
    assertThat(timeline.most()).isEqualTo(3);
    assertThat(timeline.now()).isZero();
  }

  @Test
  void startsInTheMiddleWithWhatWasThereBefore() {
    var timeline = new DemoTimeline(0);
    timeline.saw(0, 2);

    assertThat(timeline.columns(50, 100, 2)).containsExactly(2, 2);
  }

  @Test
  void anEmptyTimelineIsEmpty() {
    assertThat(new DemoTimeline(0).columns(0, 100, 3)).containsExactly(0, 0, 0);
  }

  @Test
  void drawsNothingAsDotsAndTheMostAsAFullBar() {
    assertThat(DemoSparkline.of(0, 1, 2, 4, 0)).isEqualTo("·▂▄█·");
    assertThat(DemoSparkline.of(0, 0)).isEqualTo("··");
  }

  @Test
  void namesWhatWasLeftBehind() {
    var before = DemoCensus.of(Map.of(DemoCensus.Kind.LINK, Set.of("lo")));
    var after =
        DemoCensus.of(
            Map.of(
                DemoCensus.Kind.LINK, Set.of("lo", "skabcd-0", "other0"),
                DemoCensus.Kind.PROCESS, Set.of("12 qemu")));

    assertThat(after.since(before, "abcd"))
        .containsExactly("processes: 12 qemu", "links: skabcd-0");
  }
}
