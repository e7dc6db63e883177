package dev.skep.image;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The files that chunks are of, as text: the number of a file's first chunk, and its path. */
final class ChunkNames {
  static final ChunkNames NONE = new ChunkNames(new int[0], new String[0]);

  private final int[] first;
  private final String[] paths;

  private ChunkNames(int[] first, String[] paths) {
    this.first = first;
    this.paths = paths;
  }

  static ChunkNames read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    int[] first = new int[lines.size()];
    String[] paths = new String[lines.size()];
    for (int i = 0; i < first.length; i++) {
      int space = lines.get(i).indexOf(' ');
      first[i] = Integer.parseInt(lines.get(i).substring(0, space));
      paths[i] = lines.get(i).substring(space + 1);
    }
    return new ChunkNames(first, paths);
  }

  String path(int chunk) {
    int at = Arrays.binarySearch(first, chunk);
    return paths[at >= 0 ? at : -at - 2];
  }

  /** Writes such a text, in the order of the chunks. */
  static final class Writer implements Closeable {
    private final BufferedWriter out;

    Writer(Path file) throws IOException {
      out = Files.newBufferedWriter(file);
    }

    /** A name with a line break, which no list can have, is given with a question mark. */
    void file(int chunk, byte[] path) throws IOException {
      String name = new String(path, StandardCharsets.UTF_8).replaceAll("\\R", "?");
      out.write(chunk + " " + name + "\n");
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
