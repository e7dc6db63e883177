package dev.skep.eventing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.eventing.Delivery.Leg;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventQueueTest {
  private static final byte[] EVENT = "an event".getBytes(StandardCharsets.UTF_8);

  /** Appends for ever and prints the id of each delivery that was acknowledged. */
  static final class Appending {
    public static void main(String[] args) {
      EventQueue queue = EventQueue.open(Path.of(args[0]), EventQueue.Budget.STANDARD);
      while (true) {
        System.out.println(queue.append(EVENT, List.of("feed")).getFirst().id() + ";");
      }
    }
  }

  @TempDir Path folder;
  private EventQueue queue;

  @BeforeEach
  void open() {
    queue = open(EventQueue.Budget.STANDARD);
  }

  private EventQueue open(EventQueue.Budget budget) {
    return EventQueue.open(folder.resolve("q.db"), budget);
  }

  @AfterEach
  void close() {
    queue.close();
  }

  private void reopen() {
    queue.close();
    open();
  }

  @Test
  void keepsWhatIsNotSettledInOrderOverRestarts() {
    List<Delivery> first = queue.append(EVENT, List.of("a", "b"));
    List<Delivery> second = queue.append(EVENT, List.of("a"));
    queue.settle(first.getFirst(), List.of());
    reopen();
    assertThat(queue.waiting()).containsExactly(first.getLast(), second.getFirst());
    assertThat(queue.event(first.getLast()).orElseThrow()).isEqualTo(EVENT);
  }

  @Test
  void whatFollowsOfADeliveryTakesItsPlace() {
    Delivery done = queue.append(EVENT, List.of("a")).getFirst();
    byte[] letter = "a letter".getBytes(StandardCharsets.UTF_8);
    List<Delivery> more =
        queue.settle(done, List.of(new EventQueue.Next(letter, Leg.DEAD_LETTER, List.of("a"))));
    assertThat(queue.waiting()).isEqualTo(more);
    assertThat(more.getFirst().leg()).isEqualTo(Leg.DEAD_LETTER);
    assertThat(queue.event(more.getFirst()).orElseThrow()).isEqualTo(letter);
    assertThat(queue.event(done)).isEmpty();
  }

  @Test
  void refusesMoreThanItsBudgetAndForgetsWhatIsDone() {
    queue.close();
    queue = open(new EventQueue.Budget(3, 2L * EVENT.length));
    Delivery one = queue.append(EVENT, List.of("a")).getFirst();
    queue.append(EVENT, List.of("a"));
    assertExhausted(List.of("a"), "2 deliveries and 16 bytes wait");
    queue.settle(one, List.of());
    assertExhausted(List.of("a", "b", "c"), "1 deliveries and 8 bytes wait");
    queue.append(EVENT, List.of("a", "b"));
  }

  private void assertExhausted(List<String> feeds, String message) {
    assertThatThrownBy(() -> queue.append(EVENT, feeds))
        .hasMessageContaining(message)
        .extracting(e -> ((SkepException) e).code())
        .isEqualTo(SkepException.Code.EXHAUSTED);
  }

  @Test
  void repliesCountAgainstTheBudgetAndDeadLettersDoNot() {
    queue.close();
    queue = open(new EventQueue.Budget(2, 1_000));
    Delivery one = queue.append(EVENT, List.of("a", "b")).getFirst();
    var reply = new EventQueue.Next(EVENT, Leg.SUBSCRIBER, List.of("a"));
    assertThatThrownBy(() -> queue.settle(one, List.of(reply)))
        .hasMessageContaining("the queue is full");
    assertThat(queue.waiting()).hasSize(2).contains(one);
    queue.settle(one, List.of(new EventQueue.Next(EVENT, Leg.DEAD_LETTER, List.of("a"))));
    assertThat(queue.waiting()).hasSize(2).doesNotContain(one);
  }

  @Test
  void keepsEveryAcknowledgedEventWhenKilled() throws Exception {
    Path file = folder.resolve("killed.db");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Appending.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String last = "";
    try (BufferedReader output = child.inputReader()) {
      for (int i = 0; i < 50; i++) {
        last = String.valueOf(output.readLine());
      }
      child.toHandle().destroyForcibly();
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        last = line.endsWith(";") ? line : last;
      }
    }
    assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
    long acknowledged = Long.parseLong(last.replace(";", ""));
    try (EventQueue found = EventQueue.open(file, EventQueue.Budget.STANDARD)) {
      assertThat(found.waiting()).hasSizeGreaterThanOrEqualTo((int) acknowledged);
    }
  }
}
