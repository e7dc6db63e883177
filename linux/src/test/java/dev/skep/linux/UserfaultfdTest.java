package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With memory of the same process, whose pages are waited for in native code only. */
@Tag("integration")
class UserfaultfdTest {
  private static final int PAGE = 4096;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @TempDir Path folder;

  @BeforeEach
  void assumeUsable() {
    Assumptions.assumeTrue(Userfaultfd.usable(), "this process may have no userfaultfd");
  }

  @Test
  void fillsWhatIsTouched() throws Exception {
    try (var memory = LazyMemory.map(16 * PAGE, PAGE);
        var faults = received(memory.faults());
        Arena arena = Arena.ofConfined()) {
      var read = reading(memory, 3 * PAGE + 100);

      awaitEvent(faults);
      assertThat(faults.event(0)).isEqualTo(Userfaultfd.Event.FAULT);
      assertThat(faults.address(0)).isEqualTo(memory.address() + 3 * PAGE);
      long copied = faults.copy(faults.address(0), page(arena, 7), PAGE, true);

      assertThat(copied).isEqualTo(PAGE);
      assertThat(read.get(5, TimeUnit.SECONDS)).isEqualTo((byte) 7);
    }
  }

  @Test
  void tellsWhatIsThereAlready() {
    try (var memory = LazyMemory.map(4 * PAGE, PAGE);
        var faults = received(memory.faults());
        Arena arena = Arena.ofConfined()) {
      assertThat(faults.zero(memory.address() + 2 * PAGE, PAGE)).isEqualTo(PAGE);

      MemorySegment pages = arena.allocate(4 * PAGE, PAGE);
      assertThat(faults.copy(memory.address(), pages.address(), 4 * PAGE, false))
          .isEqualTo(2 * PAGE);
      assertThat(faults.copy(memory.address() + 2 * PAGE, pages.address(), PAGE, false))
          .isEqualTo(Userfaultfd.PRESENT);
    }
  }

  @Test
  void wakesWhoWaitsForAPageThatWasFilledSilently() throws Exception {
    try (var memory = LazyMemory.map(PAGE, PAGE);
        var faults = received(memory.faults());
        Arena arena = Arena.ofConfined()) {
      var read = reading(memory, 0);
      awaitEvent(faults);
      faults.copy(memory.address(), page(arena, 9), PAGE, false);
      assertThat(read).isNotDone();

      faults.wake(memory.address(), PAGE);

      assertThat(read.get(5, TimeUnit.SECONDS)).isEqualTo((byte) 9);
    }
  }

  @Test
  void tellsWhatWasRemovedAndRefusesToFillUntilThatIsRead() throws Exception {
    try (var memory = LazyMemory.map(4 * PAGE, PAGE);
        var faults = received(memory.faults());
        Arena arena = Arena.ofConfined()) {
      var release = CompletableFuture.runAsync(() -> memory.release(PAGE, 2 * PAGE));
      assertThat(new Poll(faults.descriptor()).await(PATIENCE)).isTrue();
      assertThat(faults.copy(memory.address(), page(arena, 1), PAGE, true))
          .isEqualTo(Userfaultfd.CHANGING);

      assertThat(faults.read()).isEqualTo(1);

      assertThat(faults.event(0)).isEqualTo(Userfaultfd.Event.REMOVED);
      assertThat(faults.start(0)).isEqualTo(memory.address() + PAGE);
      assertThat(faults.end(0)).isEqualTo(memory.address() + 3 * PAGE);
      release.get(5, TimeUnit.SECONDS);
      assertThat(faults.copy(memory.address(), page(arena, 1), PAGE, true)).isEqualTo(PAGE);
    }
  }

  @Test
  void leavesAnUnregisteredRangeToTheKernel() {
    try (var memory = LazyMemory.map(PAGE, PAGE);
        var faults = received(memory.faults())) {
      faults.unregister(memory.address(), PAGE);
      assertThat(memory.read(0, 1)).containsExactly(0);
    }
  }

  @Test
  void refusesADescriptorOfAnotherKind() {
    try (EventFd event = EventFd.open()) {
      assertThatThrownBy(() -> received(event.descriptor()))
          .isInstanceOf(SkepException.class)
          .hasMessageContaining("anon_inode:[eventfd], expected a userfaultfd");
    }
  }

  private Userfaultfd received(Descriptor descriptor) {
    Path path = folder.resolve("s");
    try (var listener = UnixListener.bind(path, 0);
        var sender = UnixConnection.connect(path);
        var receiver = listener.accept().orElseThrow()) {
      sender.send(new byte[1], descriptor);
      return Userfaultfd.received(receiver.receive().orElseThrow().descriptors().getFirst());
    }
  }

  private static CompletableFuture<Byte> reading(LazyMemory memory, long offset) {
    var read = new CompletableFuture<Byte>();
    Thread.ofPlatform().daemon().start(() -> read.complete(memory.read(offset, 1)[0]));
    return read;
  }

  private static void awaitEvent(Userfaultfd faults) {
    assertThat(new Poll(faults.descriptor()).await(PATIENCE)).isTrue();
    assertThat(faults.read()).isEqualTo(1);
  }

  private static long page(Arena arena, int value) {
    MemorySegment page = arena.allocate(PAGE, PAGE);
    page.fill((byte) value);
    assertThat(page.get(JAVA_BYTE, PAGE - 1)).isEqualTo((byte) value);
    return page.address();
  }
}
