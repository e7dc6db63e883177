package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one layer, and their content in an unlinked file: to be given in another order.
 */
final class LayerSpill implements TarReader.Content, Closeable {
  private record Item(TarEntry entry, String path, long at) {}

  private final FileChannel content;

  /** By path; an entry that comes again takes the place of the one before. */
  private final Map<String, Item> items = new LinkedHashMap<>();

  private final Set<String> given = new HashSet<>();
  private long end;

  private LayerSpill(FileChannel content) {
    this.content = content;
  }

  static LayerSpill in(Path folder) throws IOException {
    Path path = Files.createTempFile(folder, "content", "");
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(path);
    return new LayerSpill(channel);
  }

  /** Reads a layer to its end, but for what belongs to the format of an eStargz one. */
  void take(TarReader layer) throws IOException {
    for (TarEntry entry = layer.next(); entry != null; entry = layer.next()) {
      String path = path(entry.name());
      if (LazyNames.isOfTheFormat(path.getBytes(StandardCharsets.UTF_8))) {
        continue;
      }
      long at = end;
      if (entry.type() == TarEntry.Type.REGULAR) {
        layer.content(this);
      }
      items.remove(path);
      items.put(path, new Item(entry, path, at));
    }
  }

  /** Writes the entries, those of the order first; parents and targets of links come before. */
  void give(List<String> order, EstargzWriter to) throws IOException {
    for (String path : order) {
      give(items.get(path(path.getBytes(StandardCharsets.UTF_8))), to);
    }
    to.landmark(!given.isEmpty());
    for (Item item : items.values()) {
      give(item, to);
    }
  }

  private void give(@Nullable Item item, EstargzWriter to) throws IOException {
    if (item == null || !given.add(item.path)) {
      return;
    }
    int slash = item.path.lastIndexOf('/');
    if (slash > 0) {
      give(items.get(item.path.substring(0, slash)), to);
    }
    if (item.entry.type() == TarEntry.Type.HARD_LINK) {
      give(items.get(path(item.entry.linkName())), to);
    }
    InputStream bytes = Channels.newInputStream(content.position(item.at));
    to.add(item.entry, bytes);
  }

  private static String path(byte[] name) {
    String text = new String(name, StandardCharsets.UTF_8);
    return text.replaceAll("/+", "/").replaceAll("^(\\./|/)+|/$", "");
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
    while (buffer.hasRemaining()) {
      end += content.write(buffer, end);
    }
  }

  @Override
  public void hole(long bytes) throws IOException {
    if (bytes > 0) {
      end += bytes;
      content.write(ByteBuffer.allocate(1), end - 1);
    }
  }

  @Override
  public void close() throws IOException {
    content.close();
  }
}
