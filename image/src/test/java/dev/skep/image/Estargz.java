package dev.skep.image;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

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
