package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class IdleHeapTest {
  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(collector -> collector.getCollectionCount())
        .sum();
  }

  @Test
  void collectsAfterABusyPeriodHasEnded() {
    byte[] big = new byte[48 << 20]; // more than is worth a pause
    var activity = new AtomicLong();
    long before = collections();
    try (var _ = new IdleHeap(activity::get, Duration.ofMillis(20)).start()) {
      Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> collections() > before);
    }
    assertThat(big).hasSize(48 << 20);
  }
}
