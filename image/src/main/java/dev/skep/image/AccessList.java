package dev.skep.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The chunks that a start has read, in the order of the first read: the working set of an image. As
 * text, a chunk's number or a range {@code FIRST-LAST} on each line; the numbers are those of the
 * image's own chunks, so that a list holds on every host.
 */
final class AccessList {
  private static final int MAX_LINES = 1 << 20;

  private final BitSet seen = new BitSet();
  private final List<Integer> order = new ArrayList<>();

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
    AccessList list = new AccessList();
    List<String> lines = Files.readAllLines(file);
    for (String line : lines.subList(0, Math.min(lines.size(), MAX_LINES))) {
      if (line.matches("\\d{1,9}(-\\d{1,9})?")) {
        int dash = line.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? line : line.substring(0, dash));
        int last = Integer.parseInt(line.substring(dash + 1));
        for (int chunk = first; chunk <= Math.min(last, chunks - 1); chunk++) {
          list.touched(chunk);
        }
      }
    }
    return list.order.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Replaces the file. */
  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < order.size(); ) {
      int end = i + 1;
      while (end < order.size() && order.get(end) == order.get(end - 1) + 1) {
        end++;
      }
      text.append(order.get(i));
      if (end > i + 1) {
        text.append('-').append(order.get(end - 1));
      }
      text.append('\n');
      i = end;
    }
    Files.createDirectories(file.getParent());
    Path written = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(written, text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
