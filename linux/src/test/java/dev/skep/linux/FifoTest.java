package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FifoTest {
  @TempDir Path folder;

  @Test
  void givesWhatIsInItAndWaitsForNothing() throws IOException {
    Path path = folder.resolve("fifo");
    Fifo.make(path);
    assertThat(Fifo.drain(path, 1 << 20)).as("nobody writes").isEmpty();

    try (var writer = new RandomAccessFile(path.toFile(), "rw")) { // as a reader too: at once
      assertThat(Fifo.drain(path, 1 << 20)).as("nothing was written").isEmpty();
      writer.write("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(Fifo.drain(path, 1 << 20)).isEqualTo("one\ntwo\n");
      assertThat(Fifo.drain(path, 1 << 20)).isEmpty();
    }
  }

  @Test
  void whatWasPutInItsPlaceIsNeitherFollowedNorReadToItsEnd() throws IOException {
    Path large = Files.write(folder.resolve("large"), new byte[1 << 20]);
    Path link = Files.createSymbolicLink(folder.resolve("link"), large);

    assertThat(Fifo.drain(large, 1000)).hasSize(64 << 10);
    assertThatThrownBy(() -> Fifo.drain(link, 1000)).isInstanceOf(SkepException.class);
    assertThatThrownBy(() -> Fifo.drain(folder.resolve("missing"), 1000))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
    assertThatThrownBy(() -> Fifo.make(link)).hasMessageContaining("exists");
  }
}
