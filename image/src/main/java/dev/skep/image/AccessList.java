package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The chunks that a start has read, in the order of the first read: the working set of an image. As
 * text, {@code CHUNK PATH} or {@code FIRST-LAST PATH} on each line. The numbers are those of the
 * image's own chunks, so that a list holds on every host; by the paths an image is put in order.
 */
final class AccessList {
  private static final int MAX_LINES = 1 << 20;

  /** Of a list that came from elsewhere: no start reads that many. */
  private static final long MAX_CHUNKS = 1 << 22;

  private static final Pattern LINE = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?(?: (.*))?");

  private final ChunkNames names;
  private final BitSet seen = new BitSet();
  private final List<Integer> order = new ArrayList<>();

  AccessList(ChunkNames names) {
    this.names = names;
  }

  void touched(int chunk) {
    if (!seen.get(chunk)) {
      seen.set(chunk);
      order.add(chunk);
    }
  }

  boolean isEmpty() {
    return order.isEmpty();
  }

  /** What is in a file; what is not in the image, or no list, is left out: it is advice only. */
  static int[] read(Path file, int chunks) throws IOException {
    AccessList list = new AccessList(ChunkNames.NONE);
    List<String> lines = Files.readAllLines(file);
    for (String line : lines.subList(0, Math.min(lines.size(), MAX_LINES))) {
      Matcher found = LINE.matcher(line);
      if (found.matches()) {
        int first = Integer.parseInt(found.group(1));
        int last = found.group(2) == null ? first : Integer.parseInt(found.group(2));
        for (int chunk = first; chunk <= Math.min(last, chunks - 1); chunk++) {
          list.touched(chunk);
        }
      }
    }
    return list.order.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Looks at a list from elsewhere before it is kept.
   *
   * @throws SkepException INVALID, naming the first line that is wrong
   */
  static void check(byte[] text) {
    long chunks = 0;
    int number = 0;
    for (String line : decoded(text).lines().toList()) {
      number++;
      Matcher found = LINE.matcher(line);
      if (!found.matches()) {
        throw Invalid.image(
            "list of chunks: line %d is %s (expected: CHUNK PATH)"
                .formatted(number, Printable.of(line)));
      }
      int first = Integer.parseInt(found.group(1));
      int last = found.group(2) == null ? first : Integer.parseInt(found.group(2));
      chunks += Math.max(0, last - first + 1);
      if (chunks > MAX_CHUNKS || number > MAX_LINES) {
        throw Invalid.image(
            "list of chunks: more than %d (expected: what a start reads)".formatted(MAX_CHUNKS));
      }
    }
  }

  private static String decoded(byte[] text) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException e) {
      throw new SkepException(SkepException.Code.INVALID, "list of chunks: not UTF-8", e);
    }
  }

  /** The paths in a file, in order. */
  static List<String> paths(Path file) throws IOException {
    Set<String> paths = new LinkedHashSet<>();
    for (String line : Files.readAllLines(file)) {
      Matcher found = LINE.matcher(line);
      if (!found.matches() || found.group(3) == null) {
        throw Invalid.image(
            "%s: line %s (expected: CHUNK PATH)".formatted(file, Printable.of(line)));
      }
      paths.add(found.group(3));
    }
    return List.copyOf(paths);
  }

  /** Replaces the file. */
  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < order.size(); ) {
      int end = i + 1;
      String path = names.path(order.get(i));
      while (end < order.size()
          && order.get(end) == order.get(end - 1) + 1
          && names.path(order.get(end)).equals(path)) {
        end++;
      }
      text.append(order.get(i));
      if (end > i + 1) {
        text.append('-').append(order.get(end - 1));
      }
      text.append(' ').append(path).append('\n');
      i = end;
    }
    Files.createDirectories(file.getParent());
    Path written = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(written, text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
