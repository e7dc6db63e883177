package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongConsumer;

/** Fetches one blob into a file, going on where a broken connection left off. */
final class BlobDownload {
  private final RegistryAccess access;
  private final Descriptor blob;
  private final Retry retry;
  private final Path folder;
  private boolean resumed;

  BlobDownload(RegistryAccess access, Descriptor blob, Retry retry, Path folder) {
    this.access = access;
    this.blob = blob;
    this.retry = retry;
    this.folder = folder;
  }

  void into(Path file, LongConsumer meter) throws IOException {
    try (BlobFile out = BlobFile.open(file, blob, meter)) {
      resumed = out.length() > 0;
      retry.run("fetching layer " + blob.digest(), () -> fetch(out));
    }
  }

  private Digest fetch(BlobFile out) throws IOException {
    long before = out.length();
    if (before != blob.size()) {
      resumed |= before > 0;
      Map<String, String> range = before == 0 ? Map.of() : Map.of("Range", "bytes=" + before + "-");
      try {
        check(out, access.get("blobs/" + blob.digest(), range, out));
      } catch (IOException e) {
        if (out.length() > before) {
          retry.progressed();
        }
        if (FileFailure.isFull(e)) {
          throw FileFailure.of(folder, e);
        }
        throw later(out, e);
      }
    }
    return verified(out);
  }

  private IOException later(BlobFile out, IOException e) {
    String message =
        "after %d of %d bytes: %s".formatted(out.length(), blob.size(), e.getMessage());
    return e instanceof Retry.Later asked
        ? new Retry.Later(message, asked.duration())
        : new IOException(message, e);
  }

  private void check(BlobFile out, Transport.Answer answer) throws IOException {
    switch (answer.status()) {
      case 200, 206 -> {
        if (blob.size() >= 0 && out.length() < blob.size()) {
          throw new IOException("the connection ended early");
        }
      }
      case 416 -> {
        out.restart();
        throw new IOException("the registry has no such range: from the start again");
      }
      default -> RegistryErrors.check(answer, "layer " + blob.digest(), access);
    }
  }

  private Digest verified(BlobFile out) throws IOException {
    Digest found = out.digest();
    if (found.equals(blob.digest())) {
      return found;
    }
    if (resumed) {
      // What was left of an earlier try may be what is wrong.
      resumed = false;
      out.restart();
      throw new Retry.Later("its bytes sum to " + found, Duration.ZERO);
    }
    throw new SkepException(
        Code.INVALID,
        "layer %s: the registry sent %d bytes that sum to %s"
            .formatted(blob.digest(), out.length(), found));
  }
}
