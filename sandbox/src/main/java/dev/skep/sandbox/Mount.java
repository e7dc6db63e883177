package dev.skep.sandbox;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a process finds at a path in place of what its image has there. A path that the image does
 * not have is made. The path is absolute and canonical: no {@code .}, no {@code ..}, no slash at
 * its end, and not the root.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Mount.Files.class, name = "files"),
  @JsonSubTypes.Type(value = Mount.Folder.class, name = "folder"),
  @JsonSubTypes.Type(value = Mount.Scratch.class, name = "scratch")
})
public sealed interface Mount {
  /** Inside the sandbox. */
  String path();

  /**
   * Files that are given, read-only: a folder with them, or one file. The process's user owns them.
   * They are equal by their digests.
   *
   * @param files by their names below {@code path}; the one name of a single file, which is itself
   *     {@code path}, is empty
   * @param mode of each file, as {@code chmod} takes it
   * @param digest of names and contents, {@code sha256:...}; it stays where the contents are left
   *     out
   */
  record Files(String path, Map<String, byte[]> files, int mode, String digest) implements Mount {
    public Files {
      Paths.check(path);
      for (String name : files.keySet()) {
        Paths.checkName(name, files.size());
      }
      files = Collections.unmodifiableMap(new TreeMap<>(files));
    }

    public Files(String path, Map<String, byte[]> files, int mode) {
      this(path, files, mode, digestOf(new TreeMap<>(files)));
    }

    /** The same, as it may be written down: contents may be secret. */
    Files withoutContents() {
      return new Files(path, Map.of(), mode, digest);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Files(String otherPath, _, int otherMode, String otherDigest)
          && path.equals(otherPath)
          && mode == otherMode
          && digest.equals(otherDigest);
    }

    @Override
    public int hashCode() {
      return Objects.hash(path, mode, digest);
    }

    @Override
    public String toString() {
      return "Files[path=%s, mode=%o, digest=%s]".formatted(path, mode, digest);
    }

    private static String digestOf(TreeMap<String, byte[]> files) {
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        files.forEach(
            (name, content) -> {
              add(digest, name.getBytes(StandardCharsets.UTF_8));
              add(digest, content);
            });
        return "sha256:" + HexFormat.of().formatHex(digest.digest());
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every Java has SHA-256", e);
      }
    }

    /** With its length, so that no two sets of files run together to the same bytes. */
    private static void add(MessageDigest digest, byte[] bytes) {
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
      digest.update(bytes);
    }
  }

  /**
   * A folder of the host, which others may change meanwhile and which outlives the sandbox. A
   * runtime whose sandboxes cannot have it refuses to start one.
   *
   * @param source absolute, on the host
   */
  record Folder(String path, Path source, boolean readOnly) implements Mount {
    public Folder {
      Paths.check(path);
    }
  }

  /**
   * An empty folder that everybody inside may write to, and that ends with the sandbox. It is
   * memory in every kind, and counts as the sandbox's.
   *
   * @param sizeLimit in bytes; empty for as much as the sandbox has memory
   */
  record Scratch(String path, OptionalLong sizeLimit) implements Mount {
    public Scratch {
      Paths.check(path);
    }
  }

  /** The rules for paths. */
  final class Paths {
    private static final Pattern GOOD = Pattern.compile("(/(?!\\.{1,2}(/|$))[^/\\x00]+)+");

    private Paths() {}

    static void check(String path) {
      if (!GOOD.matcher(path).matches()) {
        throw new IllegalArgumentException(
            "mount at '%s' (expected: an absolute path without '.' and '..', not the root)"
                .formatted(path));
      }
    }

    /** It becomes a path of the host, too: it must not lead out of its folder. */
    static void checkName(String name, int count) {
      boolean isAlone = name.isEmpty() && count == 1;
      if (!isAlone && !GOOD.matcher("/" + name).matches()) {
        throw new IllegalArgumentException(
            "file '%s' of a mount (expected: a relative path without '.' and '..')"
                .formatted(name));
      }
    }
  }
}
