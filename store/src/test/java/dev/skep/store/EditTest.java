package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Several writes that are handed over together. */
class EditTest {
  @TempDir Path folder;
  private SqliteStore store;

  @BeforeEach
  void open() {
    store = SqliteStore.open(folder, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private List<String> failures(Edit... edits) {
    var failures = new ArrayList<String>();
    store.writeAll(
        List.of(edits),
        (edit, why) -> failures.add(edit.name() + " " + ((SkepException) why).code()));
    return failures;
  }

  private ApiObject read(String name) {
    return store.get(KIND, "default", name).orElseThrow();
  }

  @Test
  void eachIsDecidedOnWhatThoseBeforeItLeave() {
    var failures =
        failures(
            new Edit.Create(KIND, service("a", 1)),
            new Edit.Change(KIND, "default", "a", _ -> service("a", 2).copy()),
            new Edit.Change(KIND, "default", "a", EditTest::labelled));
    assertThat(failures).isEmpty();
    assertThat(read("a").spec()).isEqualTo(service("a", 2).spec());
    assertThat(read("a").labels()).containsEntry("seen", "2");
    assertThat(read("a").generation()).isEqualTo(2);
  }

  /** Notes the generation that it was shown. */
  private static ObjectNode labelled(ObjectNode object) {
    String seen = Long.toString(new ApiObject(object).generation());
    object.withObject("metadata").withObject("labels").put("seen", seen);
    return object;
  }

  @Test
  void eachFailsByItself() {
    store.create(KIND, service("a", 1));
    var failures =
        failures(
            new Edit.Create(KIND, service("a", 2)),
            new Edit.Change(KIND, "default", "b", json -> json),
            new Edit.Create(KIND, service("c", 3)));
    assertThat(failures).containsExactly("a ALREADY_EXISTS", "b NOT_FOUND");
    assertThat(read("c").generation()).isEqualTo(1);
  }

  @Test
  void anotherOfTheSameNameIsNotMeant() {
    ApiObject meant = store.create(KIND, service("a", 1));
    store.delete(KIND, "default", "a");
    store.create(KIND, service("a", 1));
    var failures =
        failures(
            new Edit.Status(KIND, "default", "a", meant.uid(), status -> status.put("x", 1)),
            new Edit.Delete(KIND, "default", "a", meant.uid()));
    assertThat(failures).containsExactly("a CONFLICT", "a CONFLICT");
    assertThat(read("a").status().isMissingNode()).isTrue();
    assertThat(
            failures(
                new Edit.Status(
                    KIND, "default", "a", read("a").uid(), status -> status.put("x", 1))))
        .isEmpty();
    assertThat(read("a").status().path("x").asInt()).isEqualTo(1);
  }

  @Test
  void thousandsAreWrittenInOrder() {
    var edits = IntStream.range(0, 3_000).<Edit>mapToObj(i -> creation(i)).toList();
    store.writeAll(
        edits,
        (_, why) -> {
          throw why;
        });
    var objects = store.list(KIND, Optional.empty()).items();
    assertThat(objects).hasSize(3_000);
    assertThat(objects.stream().map(ApiObject::resourceVersion)).isSorted();
  }

  private static Edit creation(int number) {
    return new Edit.Create(KIND, service("s-%04d".formatted(number), 1));
  }
}
