package dev.skep.image;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Layers in the eStargz form, made of tars by the writer. */
final class Estargz {
  private Estargz() {}

  static FakeRegistry.Layer layer(Tars tar) {
    return layer(tar.bytes());
  }

  static FakeRegistry.Layer layer(byte[] tar) {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    try (EstargzWriter out = new EstargzWriter(blob)) {
      out.landmark(false);
      TarReader in = new TarReader(new ByteArrayInputStream(tar));
      for (TarEntry entry = in.next(); entry != null; entry = in.next()) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        if (entry.type() == TarEntry.Type.REGULAR) {
          in.content(new Collect(content));
        }
        out.add(entry, new ByteArrayInputStream(content.toByteArray()));
      }
      EstargzWriter.Written written = out.finish();
      return new FakeRegistry.Layer(
          blob.toByteArray(),
          FakeRegistry.OCI_LAYER + "+gzip",
          written.diffId().toString(),
          Map.of(TocPlace.ESTARGZ_DIGEST, written.toc().toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The end of a layer whose table of contents is in another image: an empty gzip member. */
  private static final byte[] EXTERNAL_FOOTER =
      HexFormat.of()
          .parseHex(
              "1f8b08040000000000ff"
                  + "1500"
                  + "53471100"
                  + HexFormat.of().formatHex("STARGZEXTERNALTOC".getBytes(US_ASCII))
                  + "010000ffff"
                  + "0000000000000000");

  /**
   * A layer and its table of contents, as two images have them (stargz snapshotter, {@code
   * nativeconverter/estargz/externaltoc}).
   */
  record Apart(FakeRegistry.Layer layer, FakeRegistry.Layer toc) {
    static Apart of(Tars tar) {
      FakeRegistry.Layer whole = Estargz.layer(tar);
      byte[] blob = whole.blob();
      int footer = blob.length - TocPlace.FOOTER_BYTES;
      int toc = (int) TocPlace.offset(Arrays.copyOfRange(blob, footer, blob.length));
      byte[] content = Arrays.copyOf(blob, toc + EXTERNAL_FOOTER.length);
      System.arraycopy(EXTERNAL_FOOTER, 0, content, toc, EXTERNAL_FOOTER.length);
      var layer =
          new FakeRegistry.Layer(
              content,
              whole.mediaType(),
              FakeRegistry.digest(inflated(content)),
              whole.annotations());
      return new Apart(layer, tocOf(layer, Arrays.copyOfRange(blob, toc, footer)));
    }

    private static FakeRegistry.Layer tocOf(FakeRegistry.Layer layer, byte[] toc) {
      return new FakeRegistry.Layer(
          toc,
          FakeRegistry.OCI_LAYER + "+gzip",
          FakeRegistry.digest(toc),
          Map.of("containerd.io/snapshot/stargz/layer.digest", FakeRegistry.digest(layer.blob())));
    }

    /** The table of contents of this layer where that of the other is expected. */
    Apart claimingFor(Apart other) {
      return new Apart(other.layer, tocOf(other.layer, toc.blob()));
    }

    private static byte[] inflated(byte[] gzip) {
      try (var in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private record Collect(ByteArrayOutputStream to) implements TarReader.Content {
    @Override
    public void write(byte[] bytes, int offset, int length) {
      to.write(bytes, offset, length);
    }

    @Override
    public void hole(long bytes) {
      to.writeBytes(new byte[(int) bytes]);
    }
  }
}
