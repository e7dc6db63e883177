package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class BusyHeapTest {
  private static final int MIB = 1 << 20;

  private static long fullCollections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .filter(collector -> collector.getMemoryPoolNames().length > 2) // young ones have two
        .mapToLong(collector -> collector.getCollectionCount())
        .sum();
  }

  /** As a daemon with much to do: what it makes dies soon. */
  private static void toil() {
    for (int i = 0; i < 512; i++) {
      assertThat(new byte[MIB / 2]).hasSize(MIB / 2);
    }
  }

  @Test
  void collectsOnceOldObjectsAreMany() {
    try (var _ = new BusyHeap(8 * MIB).start()) {
      var kept = new ArrayList<byte[]>();
      long before = fullCollections();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                kept.add(new byte[8 * MIB]);
                toil();
                return fullCollections() > before || kept.size() == 24;
              });
      assertThat(fullCollections()).isGreaterThan(before);
    }
  }

  @Test
  void leavesASmallHeapAlone() {
    try (var _ = new BusyHeap(256 * MIB).start()) {
      long before = fullCollections();
      toil();
      assertThat(fullCollections()).isEqualTo(before);
    }
  }
}
