package dev.skep.workload;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Files of their size, and folders that only count as mounts: they keep what is in them. */
final class FakeDisks implements Disks {
  /** Why none can be made or grown now. */
  Optional<Code> problem = Optional.empty();

  /** Why none can be opened now. */
  Optional<String> damage = Optional.empty();

  final Set<Path> open = new HashSet<>();

  @Override
  public void spare(long bytes) {
    problem.ifPresent(
        code -> {
          throw new SkepException(code, "no such disk");
        });
  }

  @Override
  public void make(Path image, long bytes) {
    spare(bytes);
    resize(image, bytes);
  }

  @Override
  public long size(Path image) {
    return image.toFile().length();
  }

  @Override
  public boolean isOpen(Path folder) {
    return open.contains(folder);
  }

  @Override
  public void open(Path image, Path folder) {
    damage.ifPresent(
        what -> {
          throw new SkepException(Code.INTERNAL, what);
        });
    open.add(folder);
  }

  @Override
  public void close(Path folder) {
    open.remove(folder);
  }

  @Override
  public void grow(Path image, long bytes) {
    resize(image, bytes);
  }

  @Override
  public void delete(Path image) {
    image.toFile().delete();
  }

  private static void resize(Path image, long bytes) {
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
