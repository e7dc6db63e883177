package dev.skep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.store.EventLog.About;
import dev.skep.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private static final About HELLO =
      new About(ResourceKind.KNATIVE_SERVICE, "default", "hello", "uid-1");

  private final ManualClock clock = new ManualClock();
  private final EventLog log = new EventLog(clock);

  private List<ApiObject> all() {
    return log.list(ResourceKind.EVENT, Optional.empty()).items();
  }

  @Test
  void countsWhatHappensAgain() {
    log.normal(HELLO, "Created", "Created Route \"hello\"");
    clock.advance(Duration.ofMinutes(5));
    log.normal(HELLO, "Created", "Created Route \"hello\"");
    log.warning(HELLO, "InternalError", "no");
    assertThat(all())
        .hasSize(2)
        .anySatisfy(
            event -> {
              assertThat(event.json().path("count").asInt()).isEqualTo(2);
              assertThat(event.json().path("firstTimestamp"))
                  .isNotEqualTo(event.json().path("lastTimestamp"));
              assertThat(event.json().at("/source/component").asString())
                  .isEqualTo("service-controller");
            });
  }

  @Test
  void forgetsWhatIsAnHourOldAndTellsWatches() throws Exception {
    log.normal(HELLO, "Created", "a");
    clock.advance(Duration.ofMinutes(40));
    log.normal(HELLO, "Created", "b");
    try (var watch =
        log.watch(
            ResourceKind.EVENT,
            Optional.empty(),
            log.list(ResourceKind.EVENT, Optional.empty()).version())) {
      clock.advance(Duration.ofMinutes(21));
      assertThat(all()).hasSize(1);
      assertThat(watch.next(1_000).orElseThrow().type())
          .isEqualTo(ResourceStore.Event.Type.DELETED);
    }
  }

  @Test
  void keepsNoMoreThanItHasPlaceFor() {
    for (int i = 0; i < 2_100; i++) {
      log.normal(HELLO, "Created", "number " + i);
    }
    assertThat(all())
        .hasSize(2_048)
        .noneMatch(event -> event.json().path("message").asString().equals("number 51"))
        .anyMatch(event -> event.json().path("message").asString().equals("number 52"));
  }

  @Test
  void refusesWhatIsTooLarge() {
    var event = ApiJson.object().put("message", "x".repeat(10_000));
    event.putObject("metadata").put("namespace", "default").put("name", "large");
    assertThatThrownBy(() -> log.create(ResourceKind.EVENT, new ApiObject(event)))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("expected: at most 8192");
  }
}
