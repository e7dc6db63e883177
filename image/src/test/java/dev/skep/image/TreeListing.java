package dev.skep.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * All that a file system says of a tree, one line per file, so that two trees can be compared. Made
 * with the kernel and its tools, not with code of ours.
 */
final class TreeListing {
  private TreeListing() {}

  /**
   * Lines by path: type, mode, owner, links, time, content, target, device, attributes, names. The
   * times of folders that were changed since the start are not told.
   */
  static List<String> of(Path root, Instant start) throws IOException {
    Map<String, String> xattrs = xattrs(root);
    Map<Object, String> firstName = new TreeMap<>();
    List<String> lines = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted().toList()) {
        String path = root.relativize(file).toString();
        Map<String, Object> all = Files.readAttributes(file, "unix:*", LinkOption.NOFOLLOW_LINKS);
        int mode = (Integer) all.get("mode");
        boolean directory = (mode & 0170000) == 0040000;
        String other = directory ? "" : firstName.computeIfAbsent(all.get("ino"), _ -> path);
        Instant time = ((FileTime) all.get("lastModifiedTime")).toInstant();
        lines.add(
            "%s mode=%o owner=%s:%s links=%s time=%s device=%s first=%s %s %s"
                .formatted(
                    path,
                    mode,
                    all.get("uid"),
                    all.get("gid"),
                    directory ? "" : all.get("nlink"),
                    directory && time.isAfter(start) && time.isBefore(Instant.now())
                        ? "untold"
                        : time,
                    (mode & 0170000) == 0020000 || (mode & 0170000) == 0060000
                        ? all.get("rdev")
                        : "",
                    other,
                    content(file, mode),
                    xattrs.getOrDefault(path, "")));
      }
    }
    return lines;
  }

  private static String content(Path file, int mode) throws IOException {
    return switch (mode & 0170000) {
      case 0100000 -> Files.size(file) + " " + sum(file);
      case 0120000 -> "-> " + Files.readSymbolicLink(file);
      default -> "";
    };
  }

  private static String sum(Path file) throws IOException {
    var sum = Digest.sha256();
    try (var in = new java.security.DigestInputStream(Files.newInputStream(file), sum)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return Digest.of(sum).hex();
  }

  private static Map<String, String> xattrs(Path root) {
    Map<String, String> found = new TreeMap<>();
    String dump = Command.bash("cd \"$1\"; getfattr -R -P -h -d -e hex -m - . 2>&1", root);
    String path = "";
    List<String> lines = new ArrayList<>();
    for (String line : dump.split("\n", -1)) {
      if (line.startsWith("# file: ")) {
        path = unescape(line.substring("# file: ".length()));
        lines.clear();
      } else if (!line.isBlank()) {
        lines.add(line);
        lines.sort(null);
        found.put(path.equals(".") ? "" : path, String.join(",", lines));
      }
    }
    return found;
  }

  /** What getfattr writes as backslash and three octal digits. */
  private static String unescape(String text) {
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[in.length];
    int length = 0;
    for (int i = 0; i < in.length; i++) {
      if (in[i] == '\\' && i + 3 < in.length) {
        out[length++] =
            (byte) Integer.parseInt(new String(in, i + 1, 3, StandardCharsets.US_ASCII), 8);
        i += 3;
      } else {
        out[length++] = in[i];
      }
    }
    return new String(out, 0, length, StandardCharsets.UTF_8);
  }
}
