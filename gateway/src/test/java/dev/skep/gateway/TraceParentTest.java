package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TraceParentTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";

  @Test
  void readsTheTraceOfThisVersionAndOfLaterOnes() {
    assertThat(TraceParent.traceId("00-" + TRACE + "-" + PARENT + "-01")).hasValue(TRACE);
    assertThat(TraceParent.traceId("cc-" + TRACE + "-" + PARENT + "-01-more")).hasValue(TRACE);
  }

  @Test
  void whatIsNoneNamesNoTrace() {
    var none =
        List.of(
            "",
            TRACE,
            "ff-" + TRACE + "-" + PARENT + "-01",
            "00-" + TRACE.toUpperCase(java.util.Locale.ROOT) + "-" + PARENT + "-01",
            "00-" + "0".repeat(32) + "-" + PARENT + "-01",
            "00-" + TRACE + "-" + "0".repeat(16) + "-01",
            "00-" + TRACE + "-" + PARENT + "-01-more");
    assertThat(none).allMatch(field -> TraceParent.traceId(field).isEmpty());
    assertThat(TraceParent.traceId(null)).isEmpty();
  }
}
