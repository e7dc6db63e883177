package dev.skep.testkit;

import dev.skep.sandbox.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/** What a fake sandbox has mounted: folders are the host's, all else is in memory. */
final class FakeMounts {
  private final List<Mount> mounts;
  private final Map<String, byte[]> written = new ConcurrentHashMap<>();

  FakeMounts(List<Mount> mounts) {
    this.mounts = mounts;
  }

  Optional<byte[]> read(String path) {
    return switch (at(path)) {
      case Mount.Files files -> Optional.ofNullable(files.files().get(below(files, path)));
      case Mount.Folder(_, Path source, _) -> read(source.resolve(below(at(path), path)));
      case Mount.Scratch _ -> Optional.ofNullable(written.get(path));
    };
  }

  private static Optional<byte[]> read(Path file) {
    try {
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean write(String path, byte[] content) {
    return switch (at(path)) {
      case Mount.Files _ -> false;
      case Mount.Folder(_, Path source, boolean readOnly) ->
          !readOnly && write(source.resolve(below(at(path), path)), content);
      case Mount.Scratch(_, OptionalLong limit) -> {
        boolean fits = content.length <= limit.orElse(Long.MAX_VALUE);
        if (fits) {
          written.put(path, content);
        }
        yield fits;
      }
    };
  }

  private static boolean write(Path file, byte[] content) {
    try {
      Files.write(file, content);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Mount at(String path) {
    return mounts.stream()
        .filter(mount -> Path.of(path).startsWith(mount.path()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(path + ": not below a mount"));
  }

  private static String below(Mount mount, String path) {
    return Path.of(mount.path()).relativize(Path.of(path)).toString();
  }
}
