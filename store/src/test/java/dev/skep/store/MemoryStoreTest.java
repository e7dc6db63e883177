package dev.skep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryStoreTest {
  private static final ResourceKind KIND = ResourceKind.POD;

  private final ManualClock clock = new ManualClock();
  private final MemoryStore store = new MemoryStore(clock);

  private static ApiObject pod(String name, String uid, String phase) {
    var pod = ApiJson.object();
    pod.putObject("metadata").put("namespace", "default").put("name", name).put("uid", uid);
    pod.putObject("status").put("phase", phase);
    return new ApiObject(pod);
  }

  @Test
  void tellsWatchesWhatIsShownAnew() throws Exception {
    store.show(KIND, List.of(pod("a", "1", "Pending"), pod("b", "2", "Running")));
    long from = store.list(KIND, Optional.empty()).version();
    try (var watch = store.watch(KIND, Optional.empty(), from)) {
      store.show(KIND, List.of(pod("a", "1", "Pending"), pod("b", "2", "Running")));
      assertThat(store.list(KIND, Optional.empty()).version()).isEqualTo(from);
      store.show(KIND, List.of(pod("a", "1", "Running"), pod("b", "3", "Running")));
      assertThat(next(watch)).isEqualTo("MODIFIED a");
      assertThat(next(watch)).isEqualTo("DELETED b");
      assertThat(next(watch)).isEqualTo("ADDED b");
      store.show(KIND, List.of());
      assertThat(List.of(next(watch), next(watch)))
          .containsExactlyInAnyOrder("DELETED a", "DELETED b");
    }
  }

  private static String next(ResourceStore.Watch watch) throws InterruptedException {
    ResourceStore.Event event = watch.next(1_000).orElseThrow();
    return event.type() + " " + event.object().name();
  }

  @Test
  void writesSeveralEachByItself() {
    ApiObject one = store.create(KIND, pod("a", "", ""));
    var failed = new ArrayList<String>();
    store.writeAll(
        List.of(
            new Edit.Create(KIND, pod("a", "", "")),
            new Edit.Status(KIND, "default", "a", one.uid(), status -> status.put("phase", "x")),
            new Edit.Delete(KIND, "default", "a", "another"),
            new Edit.Change(KIND, "default", "b", pod -> pod)),
        (edit, why) -> failed.add(edit.name() + " " + ((SkepException) why).code()));
    assertThat(failed).containsExactly("a ALREADY_EXISTS", "a CONFLICT", "b NOT_FOUND");
    assertThat(store.get(KIND, "default", "a").orElseThrow().status().path("phase").asString())
        .isEqualTo("x");
  }

  @Test
  void doesNotKnowTheVersionsOfTheOneBefore() {
    long before = store.list(KIND, Optional.empty()).version();
    clock.advance(Duration.ofSeconds(1));
    var next = new MemoryStore(clock);
    assertThatThrownBy(() -> next.watch(KIND, Optional.empty(), before))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(SkepException.Code.GONE));
  }
}
