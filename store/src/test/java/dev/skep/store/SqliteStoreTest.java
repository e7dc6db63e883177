package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static dev.skep.store.Services.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteStoreTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-01-02T03:04:05.678Z"), ZoneOffset.UTC);

  @TempDir Path folder;
  private SqliteStore store;

  @BeforeEach
  void open() {
    store = SqliteStore.open(folder, CLOCK);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void keepsObjectsThatAreInNoNamespace() {
    ApiObject namespace =
        with(service("a", 1), json -> json.withObject("metadata").remove("namespace"));
    ApiObject created = store.create(ResourceKind.NAMESPACE, namespace);
    assertThat(store.get(ResourceKind.NAMESPACE, "", "a")).contains(created);
    assertThat(store.list(ResourceKind.NAMESPACE, Optional.empty()).items())
        .containsExactly(created);
    assertThatThrownBy(() -> store.create(KIND, namespace))
        .hasMessageContaining("metadata.namespace: required");
    assertThatThrownBy(() -> store.create(ResourceKind.NAMESPACE, service("a", 1)))
        .hasMessageContaining("no metadata.namespace");
  }

  @Test
  void setsWhatTheServerOwnsOnCreate() {
    ApiObject sent =
        with(
            service("a", 1),
            json -> {
              json.withObject("metadata").put("uid", "mine").put("resourceVersion", "77");
              json.putObject("status").put("ready", true);
            });
    ApiObject created = store.create(KIND, sent);
    assertThat(created.uid()).hasSize(36);
    assertThat(created.generation()).isEqualTo(1);
    assertThat(created.resourceVersion()).isPositive().isNotEqualTo(77);
    assertThat(created.json().at("/metadata/creationTimestamp").asString())
        .isEqualTo("2026-01-02T03:04:05Z");
    assertThat(created.status().isMissingNode()).isTrue();
    assertThat(store.get(KIND, "default", "a")).contains(created);
  }

  @Test
  void refusesToCreateTwice() {
    store.create(KIND, service("a", 1));
    assertFails(
        Code.ALREADY_EXISTS,
        "services.serving.knative.dev \"a\" already exists",
        () -> store.create(KIND, service("a", 2)));
  }

  @Test
  void raisesTheGenerationOnlyWithTheSpec() {
    ApiObject created = store.create(KIND, service("a", 1));
    ApiObject labelled =
        store.replace(
            KIND, with(created, json -> json.withObject("/metadata/labels").put("x", "y")));
    assertThat(labelled.generation()).isEqualTo(1);
    ApiObject changed = store.replace(KIND, service("a", 2));
    assertThat(changed.generation()).isEqualTo(2);
    assertThat(changed.uid()).isEqualTo(created.uid());
    assertThat(changed.labels()).isEmpty();
  }

  @Test
  void ignoresTheStatusOfAReplacement() {
    store.create(KIND, service("a", 1));
    store.updateStatus(KIND, "default", "a", status -> status.put("ready", true));
    ApiObject replaced =
        store.replace(
            KIND, with(service("a", 2), json -> json.putObject("status").put("ready", false)));
    assertThat(replaced.status().path("ready").asBoolean()).isTrue();
  }

  @Test
  void changesNothingWhenNothingChanged() {
    ApiObject created = store.create(KIND, service("a", 1));
    ApiObject withStatus =
        store.updateStatus(KIND, "default", "a", status -> status.put("observedGeneration", 1L));
    assertThat(store.replace(KIND, service("a", 1))).isEqualTo(withStatus);
    assertThat(
            store.updateStatus(
                KIND, "default", "a", status -> status.put("observedGeneration", 1L)))
        .isEqualTo(withStatus);
    assertThat(store.list(KIND, Optional.empty()).version())
        .isEqualTo(created.resourceVersion() + 1);
  }

  @Test
  void refusesToReplaceWhatHasChangedMeanwhile() {
    ApiObject created = store.create(KIND, service("a", 1));
    store.replace(KIND, service("a", 2));
    assertFails(
        Code.CONFLICT,
        "Operation cannot be fulfilled on services.serving.knative.dev \"a\": the object has been"
            + " modified; please apply your changes to the latest version and try again",
        () -> store.replace(KIND, with(created, json -> json.putObject("spec").put("value", 3))));
  }

  @Test
  void refusesToReplaceAnotherObjectOfTheSameName() {
    ApiObject first = store.create(KIND, service("a", 1));
    store.delete(KIND, "default", "a");
    store.create(KIND, service("a", 1));
    ApiObject blind = with(first, json -> json.withObject("metadata").remove("resourceVersion"));
    assertFails(Code.CONFLICT, "UID in precondition", () -> store.replace(KIND, blind));
  }

  @Test
  void saysWhatIsNotThere() {
    String message = "services.serving.knative.dev \"a\" not found";
    assertFails(Code.NOT_FOUND, message, () -> store.replace(KIND, service("a", 1)));
    assertFails(Code.NOT_FOUND, message, () -> store.delete(KIND, "default", "a"));
    assertFails(
        Code.NOT_FOUND, message, () -> store.updateStatus(KIND, "default", "a", status -> status));
    assertThat(store.get(KIND, "default", "a")).isEmpty();
  }

  @Test
  void listsOneNamespaceOrAllSorted() {
    store.create(KIND, service("b", "y", 1));
    store.create(KIND, service("b", "x", 1));
    store.create(KIND, service("a", "z", 1));
    store.create(KIND, service("ba", "a", 1));
    assertThat(store.list(KIND, Optional.of("b")).items())
        .extracting(ApiObject::name)
        .containsExactly("x", "y");
    assertThat(store.list(KIND, Optional.empty()).items())
        .extracting(ApiObject::name)
        .containsExactly("z", "x", "y", "a");
    ResourceKind core = new ResourceKind("", "v1", "services", "Service");
    assertThat(store.list(core, Optional.empty()).items()).isEmpty();
  }

  @Test
  void keepsAllAcrossARestart() {
    store.create(KIND, service("a", 1));
    ApiObject b = store.create(KIND, service("b", 1));
    ApiObject deleted = store.delete(KIND, "default", "a");
    store.close();
    open();
    assertThat(store.list(KIND, Optional.empty()).items()).containsExactly(b);
    assertThat(store.list(KIND, Optional.empty()).version()).isEqualTo(deleted.resourceVersion());
    assertThat(store.create(KIND, service("c", 1)).resourceVersion())
        .isEqualTo(deleted.resourceVersion() + 1);
  }

  @Test
  void losesNoStatusUpdateOfManyAtOnce() throws Exception {
    store.create(KIND, service("a", 1));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var updates =
          IntStream.range(0, 200)
              .mapToObj(
                  _ ->
                      threads.submit(
                          () ->
                              store.updateStatus(
                                  KIND,
                                  "default",
                                  "a",
                                  status ->
                                      status.put("count", status.path("count").asInt(0) + 1))))
              .toList();
      for (var update : updates) {
        update.get();
      }
    }
    assertThat(store.get(KIND, "default", "a").orElseThrow().status().path("count").asInt())
        .isEqualTo(200);
  }

  @Test
  void oneFailingDecisionSparesTheOthers() {
    store.create(KIND, service("a", 1));
    assertThatThrownBy(
            () ->
                store.updateStatus(
                    KIND,
                    "default",
                    "a",
                    _ -> {
                      throw new IllegalArgumentException("mine");
                    }))
        .hasMessage("mine");
    assertThatThrownBy(
            () ->
                store.updateStatus(
                    KIND,
                    "default",
                    "a",
                    status -> {
                      store.delete(KIND, "default", "a");
                      return status;
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(store.replace(KIND, service("a", 2)).generation()).isEqualTo(2);
  }

  @Test
  void namesTheProcessThatHasTheFolder() {
    assertFails(
        Code.CONFLICT,
        "is used by process " + ProcessHandle.current().pid(),
        () -> SqliteStore.open(folder, CLOCK));
  }

  @Test
  void refusesWorkAfterItsClose() {
    store.close();
    assertFails(Code.UNAVAILABLE, "the store is closed", () -> store.create(KIND, service("a", 1)));
  }

  @Test
  void refusesAFileOfANewerSkep() throws Exception {
    store.close();
    try (var connection =
            java.sql.DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("skep.db"));
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version=99");
    }
    assertFails(
        Code.UNSUPPORTED,
        "has schema 99, this Skep knows 1",
        () -> SqliteStore.open(folder, CLOCK));
    try (var lock = StateLock.acquire(folder)) {
      assertThat(lock).isNotNull(); // the failed open left no lock
    }
  }

  @Test
  void saysThatTheDiskIsFullAndKeepsWhatItHad() {
    store.close();
    store = SqliteStore.open(folder, CLOCK, 60);
    int kept = fill();
    assertThat(kept).isPositive();
    store.close();
    open();
    assertThat(store.list(KIND, Optional.empty()).items()).hasSize(kept);
    store.create(KIND, service("space-again", 1));
  }

  private int fill() {
    for (int i = 0; i < 1000; i++) {
      ApiObject big = with(service("s" + i, i), json -> json.put("padding", "x".repeat(4000)));
      try {
        store.create(KIND, big);
      } catch (SkepException e) {
        assertThat(e.code()).isEqualTo(Code.EXHAUSTED);
        assertThat(e).hasMessageContaining("no space left");
        assertThat(store.list(KIND, Optional.empty()).items()).hasSize(i);
        return i;
      }
    }
    throw new AssertionError("the disk was never full");
  }

  static void assertFails(Code code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(SkepException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }
}
