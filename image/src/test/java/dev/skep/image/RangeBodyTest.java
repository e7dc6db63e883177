package dev.skep.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RangeBodyTest {
  private final AtomicLong clock = new AtomicLong();
  private final RangeBody body = new RangeBody(100, 50, clock::get);

  private static HttpHeaders range(String range) {
    return HttpHeaders.of(Map.of("Content-Range", List.of(range)), (_, _) -> true);
  }

  @Test
  void takesThePartThatWasAskedFor() throws IOException {
    assertThat(body.header()).isEqualTo("bytes=100-149");
    assertThat(body.begin(206, range("bytes 100-149/1000"))).isTrue();
    body.accept(ByteBuffer.wrap(new byte[20]));
    assertThat(body.isComplete()).isFalse();
    body.accept(ByteBuffer.wrap(new byte[30]));
    assertThat(body.isComplete()).isTrue();
    assertThat(body.isOfWhole()).isFalse();
  }

  @Test
  void refusesAnotherPart() {
    assertThatThrownBy(() -> body.begin(206, range("bytes 0-49/1000")))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("asked for bytes=100-149", "bytes 0-49/1000");
  }

  @Test
  void findsThePartInAWholeBlobAndWantsNoMore() throws IOException {
    body.begin(200, range(""));
    byte[] whole = LazyPullTest.noise(1, 1000);
    body.accept(ByteBuffer.wrap(whole, 0, 120));
    assertThatThrownBy(() -> body.accept(ByteBuffer.wrap(whole, 120, 100)))
        .hasMessage("the rest is not wanted");
    assertThat(body.isComplete()).isTrue();
    assertThat(body.bytes()).isEqualTo(java.util.Arrays.copyOfRange(whole, 100, 150));
  }

  @Test
  void givesUpOnAnAnswerThatCreeps() throws IOException {
    body.begin(206, range("bytes 100-149/1000"));
    body.accept(ByteBuffer.wrap(new byte[10]));
    clock.addAndGet(Duration.ofSeconds(25).toNanos());
    assertThatThrownBy(() -> body.accept(ByteBuffer.wrap(new byte[1])))
        .isInstanceOf(IOException.class)
        .hasMessage("only 11 bytes in 25 s");
  }
}
