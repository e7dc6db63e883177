package dev.skep.store;

import static dev.skep.store.Services.KIND;
import static dev.skep.store.Services.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Random operations on the store and on a map that says what must come of them. */
class StoreModelTest {
  private record Expected(int value, int status, long generation) {}

  @TempDir Path folder;
  private final Map<String, Expected> model = new TreeMap<>();

  @RepeatedTest(3)
  void behavesLikeAMapThroughRestarts() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("StoreModelTest seed " + seed);
    var random = new Random(seed);
    SqliteStore store = SqliteStore.open(folder, Clock.systemUTC());
    long from = store.list(KIND, Optional.empty()).version();
    for (int step = 0; step < 300; step++) {
      if (random.nextInt(60) == 0) {
        store.close();
        store = SqliteStore.open(folder, Clock.systemUTC());
      }
      operate(store, random, "seed " + seed + " step " + step);
    }
    assertMatches(store, "seed " + seed);
    assertThat(replayed(store, from)).as("seed " + seed).isEqualTo(values());
    store.close();
  }

  private void operate(SqliteStore store, Random random, String where) {
    String name = "s" + random.nextInt(6);
    int value = random.nextInt(3);
    @Nullable Expected there = model.get(name);
    switch (random.nextInt(4)) {
      case 0 -> create(store, name, value, there, where);
      case 1 -> replace(store, name, value, there, where);
      case 2 -> status(store, name, value, there, where);
      default -> delete(store, name, there, where);
    }
    assertMatches(store, where);
  }

  private void create(
      SqliteStore store, String name, int value, @Nullable Expected there, String where) {
    boolean created = succeeds(() -> store.create(KIND, service(name, value)));
    assertThat(created).as(where).isEqualTo(there == null);
    if (there == null) {
      model.put(name, new Expected(value, -1, 1));
    }
  }

  private void replace(
      SqliteStore store, String name, int value, @Nullable Expected there, String where) {
    boolean replaced = succeeds(() -> store.replace(KIND, service(name, value)));
    assertThat(replaced).as(where).isEqualTo(there != null);
    if (there != null) {
      long generation = there.generation() + (value == there.value() ? 0 : 1);
      model.put(name, new Expected(value, there.status(), generation));
    }
  }

  private void status(
      SqliteStore store, String name, int value, @Nullable Expected there, String where) {
    boolean updated =
        succeeds(() -> store.updateStatus(KIND, "default", name, s -> s.put("value", value)));
    assertThat(updated).as(where).isEqualTo(there != null);
    if (there != null) {
      model.put(name, new Expected(there.value(), value, there.generation()));
    }
  }

  private void delete(SqliteStore store, String name, @Nullable Expected there, String where) {
    boolean deleted = succeeds(() -> store.delete(KIND, "default", name));
    assertThat(deleted).as(where).isEqualTo(there != null);
    model.remove(name);
  }

  private static boolean succeeds(Runnable operation) {
    try {
      operation.run();
      return true;
    } catch (SkepException _) {
      return false;
    }
  }

  private void assertMatches(SqliteStore store, String where) {
    var found = new TreeMap<String, Expected>();
    for (ApiObject object : store.list(KIND, Optional.empty()).items()) {
      int status = object.status().path("value").asInt(-1);
      found.put(object.name(), new Expected(Services.value(object), status, object.generation()));
    }
    assertThat(found).as(where).isEqualTo(model);
  }

  /** What a watcher that saw every change would believe. */
  private Map<String, Integer> replayed(SqliteStore store, long from) throws InterruptedException {
    var believed = new HashMap<String, Integer>();
    try (var watch = store.watch(KIND, Optional.empty(), from)) {
      for (var event = watch.next(0); event.isPresent(); event = watch.next(0)) {
        ApiObject object = event.get().object();
        switch (event.get().type()) {
          case ADDED -> assertThat(believed.put(object.name(), Services.value(object))).isNull();
          case MODIFIED ->
              assertThat(believed.put(object.name(), Services.value(object))).isNotNull();
          case DELETED -> assertThat(believed.remove(object.name())).isNotNull();
        }
      }
    }
    return believed;
  }

  private Map<String, Integer> values() {
    var values = new HashMap<String, Integer>();
    model.forEach((name, expected) -> values.put(name, expected.value()));
    return values;
  }
}
