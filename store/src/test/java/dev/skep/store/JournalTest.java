package dev.skep.store;

import static dev.skep.store.SqliteStoreTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.SkepException.Code;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class JournalTest {
  private final List<Change> disk = new ArrayList<>();
  private final Journal journal = new Journal(1, 1, 10, 100);

  @Test
  void readsOldChangesFromDiskAndNewOnesFromMemory() throws Exception {
    write(2, 60);
    var seen = new ArrayList<Long>();
    long version = 1;
    while (version < 60) {
      for (Change change : journal.after(version, 0, this::older)) {
        seen.add(change.version());
        version = change.version();
      }
    }
    assertThat(seen).isEqualTo(LongStream.rangeClosed(2, 60).boxed().toList());
  }

  @Test
  void forgetsWhatIsOlderThanItKeeps() throws Exception {
    write(2, 201);
    assertFails(Code.GONE, "too old", () -> journal.after(100, 0, this::older));
    assertThat(journal.after(101, 0, this::older))
        .first()
        .extracting(Change::version)
        .isEqualTo(102L);
  }

  @Test
  void neverSkipsWhatWasTrimmedWhileItRead() {
    write(2, 60);
    disk.subList(0, 20).clear();
    assertFails(Code.GONE, "too old", () -> journal.after(5, 0, this::older));
  }

  private List<Change> older(long version, int limit) {
    return disk.stream().filter(change -> change.version() > version).limit(limit).toList();
  }

  private void write(long from, long to) {
    List<Change> changes =
        LongStream.rangeClosed(from, to)
            .mapToObj(
                version ->
                    new Change(
                        version,
                        ResourceStore.Event.Type.ADDED,
                        new ObjectKey("r", "n", "o" + version),
                        "{}".getBytes(StandardCharsets.UTF_8),
                        false))
            .toList();
    disk.addAll(changes);
    journal.append(changes);
  }
}
