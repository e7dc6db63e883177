package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Turns layers, lowest first, into one EROFS file, and verifies them on the way. */
final class Flattener {
  /** Tells how many bytes of the layers, as they are, have been read. */
  interface Meter {
    void read(long bytes);
  }

  private final Path folder;
  private final long maxBytes;
  private final Meter meter;

  Flattener(Path folder, long maxBytes, Meter meter) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.meter = meter;
  }

  /** Where the file's name comes from: the same layers and the same format give the same file. */
  static Digest key(List<Digest> diffIds) {
    String text =
        "skep-erofs-"
            + ErofsWriter.FORMAT
            + "\n"
            + diffIds.stream().map(Digest::toString).collect(Collectors.joining("\n"));
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Gives the layers one by one, lowest first, waiting for each until it is there. */
  interface Layers {
    int count();

    /** Of all layers as they are; 0 when that is not known. */
    long bytes();

    Layer get(int index);
  }

  /** Writes the file under a name in the folder; the key of its layers. */
  Digest flatten(String name, Layers layers) {
    try (ErofsWriter writer = ErofsWriter.create(folder, name, maxBytes)) {
      List<Digest> diffIds = new ArrayList<>();
      for (int i = 0; i < layers.count(); i++) {
        Layer layer = layers.get(i);
        try {
          diffIds.add(apply(writer, layer));
        } catch (SkepException e) {
          throw new SkepException(e.code(), layer.name() + ": " + e.getMessage(), e);
        } catch (EOFException e) {
          throw Invalid.image(layer.name() + ": " + e.getMessage());
        }
      }
      Digest key = key(diffIds);
      writer.finish(Arrays.copyOf(key.bytes(), 16));
      return key;
    } catch (IOException e) {
      throw FileFailure.of(folder, e);
    }
  }

  private Digest apply(ErofsWriter writer, Layer layer) throws IOException {
    try (InputStream opened = layer.source().open()) {
      DigestingStream raw = new DigestingStream(new Metered(opened));
      BufferedInputStream buffered = new BufferedInputStream(raw, 1 << 16);
      Compression compression = Compression.of(buffered);
      boolean plain = compression == Compression.NONE;
      Digest diffId;
      if (plain) {
        writer.apply(buffered);
        diffId = raw.digest();
      } else {
        diffId = applyCompressed(writer, compression, buffered);
      }
      raw.drain();
      verify(layer, raw, plain ? raw.digest() : diffId);
      return plain ? raw.digest() : diffId;
    }
  }

  private static Digest applyCompressed(ErofsWriter writer, Compression compression, InputStream in)
      throws IOException {
    DigestingStream tar = new DigestingStream(compression.decompress(in));
    writer.apply(tar);
    tar.drain();
    return tar.digest();
  }

  private static void verify(Layer layer, DigestingStream raw, Digest diffId) {
    if (layer.digest().isPresent() && !layer.digest().get().equals(raw.digest())) {
      throw Invalid.image(
          "its %d bytes sum to %s, the manifest says %s"
              .formatted(raw.count(), raw.digest(), layer.digest().get()));
    }
    if (layer.diffId().isPresent() && !layer.diffId().get().equals(diffId)) {
      throw Invalid.image(
          "uncompressed it sums to %s, the image's config says %s"
              .formatted(diffId, layer.diffId().get()));
    }
  }

  private final class Metered extends java.io.FilterInputStream {
    private Metered(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = in.read(bytes, offset, length);
      if (n > 0) {
        meter.read(n);
      }
      return n;
    }
  }
}
