package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Root images as file systems of the host: each is mounted once, while a sandbox uses it, so that
 * all sandboxes of an image share its pages. Safe for use by several threads.
 */
final class ImageMounts {
  private final Path folder;
  private final Map<Path, Integer> users = new HashMap<>();

  /**
   * @param folder in which one folder for each image is made
   */
  ImageMounts(Path folder) {
    this.folder = folder;
  }

  /**
   * Where the image's files are, until {@link #release}.
   *
   * @throws SkepException NOT_FOUND where there is no such file, INVALID where it is no EROFS image
   */
  synchronized Path acquire(Path image) {
    Path target = target(image);
    int before = users.getOrDefault(image, 0);
    if (before == 0 && !isMounted(target)) {
      mount(image, target);
    }
    users.put(image, before + 1);
    return target;
  }

  synchronized void release(Path image) {
    int left = users.getOrDefault(image, 0) - 1;
    if (left > 0) {
      users.put(image, left);
      return;
    }
    users.remove(image);
    remove(target(image));
  }

  /** Removes the mounts of an earlier daemon that no sandbox uses now. */
  synchronized void removeUnused() {
    String[] names = folder.toFile().list();
    for (String name : names == null ? new String[0] : names) {
      Path target = folder.resolve(name);
      if (users.keySet().stream().noneMatch(image -> target(image).equals(target))) {
        remove(target);
      }
    }
  }

  private boolean isMounted(Path target) {
    return Mounts.below(folder).contains(target);
  }

  private static void mount(Path image, Path target) {
    if (!Files.isReadable(image)) {
      throw new SkepException(
          Code.NOT_FOUND, "root image " + image + ": cannot be read (expected: an EROFS file)");
    }
    try {
      Files.createDirectories(target);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, target + ": cannot be made: " + e, e);
    }
    Mounts.image(image, target);
  }

  private static void remove(Path target) {
    Mounts.detach(target);
    try {
      Files.deleteIfExists(target);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, target + ": cannot be removed: " + e, e);
    }
  }

  private Path target(Path image) {
    byte[] name = image.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
    return folder.resolve(UUID.nameUUIDFromBytes(name).toString());
  }
}
