package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static dev.skep.store.SqliteStoreTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceStore.Event;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreWatchTest {
  private static final Optional<String> ALL = Optional.empty();

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

  @Test
  void replaysWhatHappenedAfterTheVersion() throws Exception {
    long from = store.create(KIND, service("a", 1)).resourceVersion();
    store.replace(KIND, service("a", 2));
    long deleted = store.delete(KIND, "default", "a").resourceVersion();
    try (var watch = store.watch(KIND, ALL, from)) {
      Event modified = watch.next(1000).orElseThrow();
      assertThat(modified.type()).isEqualTo(Event.Type.MODIFIED);
      assertThat(Services.value(modified.object())).isEqualTo(2);
      Event gone = watch.next(1000).orElseThrow();
      assertThat(gone.type()).isEqualTo(Event.Type.DELETED);
      assertThat(gone.object().resourceVersion()).isEqualTo(deleted);
      assertThat(Services.value(gone.object())).isEqualTo(2);
      assertThat(watch.next(0)).isEmpty();
    }
  }

  @Test
  void seesOneNamespaceAndOneKindOnly() throws Exception {
    try (var watch = store.watch(KIND, Optional.of("b"), 1)) {
      store.create(KIND, service("a", "x", 1));
      store.create(new ResourceKind("other", "v1", "services", "Service"), service("b", "x", 1));
      long last = store.create(KIND, service("b", "y", 1)).resourceVersion();
      assertThat(watch.next(1000).orElseThrow().object().name()).isEqualTo("y");
      store.create(KIND, service("a", "z", 1));
      assertThat(watch.next(0)).isEmpty();
      assertThat(watch.version()).isEqualTo(last + 1);
    }
  }

  @Test
  void waitsForTheNextChange() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        var watch = store.watch(KIND, ALL, 1)) {
      Future<Optional<Event>> next = threads.submit(() -> watch.next(10_000));
      store.create(KIND, service("a", 1));
      assertThat(next.get().orElseThrow().object().name()).isEqualTo("a");
    }
  }

  @Test
  void givesEveryWatchTheSameOrderWhileManyWrite() throws Exception {
    int writers = 8;
    int each = 50;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Long>>> watches = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        watches.add(threads.submit(() -> versions(writers * each)));
      }
      for (int writer = 0; writer < writers; writer++) {
        String name = "s" + writer;
        threads.submit(
            () -> {
              store.create(KIND, service(name, 0));
              for (int i = 1; i < each; i++) {
                store.replace(KIND, service(name, i));
              }
              return null;
            });
      }
      List<Long> first = watches.getFirst().get();
      assertThat(first).isSorted().doesNotHaveDuplicates().hasSize(writers * each);
      assertThat(watches.get(1).get()).isEqualTo(first);
      assertThat(watches.get(2).get()).isEqualTo(first);
    }
  }

  private List<Long> versions(int count) throws InterruptedException {
    var versions = new ArrayList<Long>();
    try (var watch = store.watch(KIND, ALL, 1)) {
      while (versions.size() < count) {
        versions.add(watch.next(20_000).orElseThrow().object().resourceVersion());
      }
    }
    return versions;
  }

  @Test
  void goesOnAfterARestart() throws Exception {
    long from = store.create(KIND, service("a", 1)).resourceVersion();
    store.replace(KIND, service("a", 2));
    store.close();
    open();
    store.replace(KIND, service("a", 3));
    try (var watch = store.watch(KIND, ALL, from)) {
      assertThat(Services.value(watch.next(1000).orElseThrow().object())).isEqualTo(2);
      assertThat(Services.value(watch.next(1000).orElseThrow().object())).isEqualTo(3);
    }
  }

  @Test
  void endsWhenTheStoreCloses() {
    var watch = store.watch(KIND, ALL, 1);
    store.close();
    assertFails(Code.UNAVAILABLE, "the store is closed", () -> watch.next(10_000));
  }

  @Test
  void saysGoneForVersionsOfAnotherStore() {
    assertFails(Code.GONE, "newer than the newest", () -> store.watch(KIND, ALL, 1000));
    assertFails(Code.GONE, "too old resource version: 0", () -> store.watch(KIND, ALL, 0));
  }
}
