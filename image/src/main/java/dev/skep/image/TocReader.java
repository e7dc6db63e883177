package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;

/**
 * Reads the table of contents of one layer as if it were the layer: the same entries in the same
 * order, and notes where the content of each file is. Never holds more than one entry.
 */
final class TocReader implements LayerEntries, Closeable {
  private static final int VERSION = 1;
  private static final byte[] UNNAMED = {};
  private static final ObjectReader ENTRY =
      Json.MAPPER.readerFor(TocEntry.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Stands for what a tool could not say in UTF-8: names with it are not those of the tar. */
  private static final char REPLACEMENT = '\uFFFD';

  private final JsonParser json;
  private final ChunkTable chunks;
  private final int layer;
  private @Nullable TocEntry ahead;
  private @Nullable TocEntry current;

  /** Whether the current file has a chunk in the table: the first has its name. */
  private boolean named;

  private TocReader(JsonParser json, ChunkTable chunks, int layer) {
    this.json = json;
    this.chunks = chunks;
    this.layer = layer;
  }

  /**
   * @param toc the JSON document; read as entries are asked for
   * @param layer its number, for the table
   */
  static TocReader open(InputStream toc, ChunkTable chunks, int layer) {
    return parsed(
        () -> {
          TocReader reader = new TocReader(Json.MAPPER.createParser(toc), chunks, layer);
          reader.toEntries();
          reader.ahead = reader.read();
          return reader;
        });
  }

  private void toEntries() {
    boolean versioned = false;
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw wrong("is not a JSON object");
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = json.currentName();
      json.nextToken();
      if (key.equals("version")) {
        versioned = json.getIntValue() == VERSION;
      } else if (key.equals("entries") && json.currentToken() == JsonToken.START_ARRAY) {
        if (!versioned) {
          throw wrong("is not of version " + VERSION);
        }
        return;
      } else {
        json.skipChildren();
      }
    }
    throw wrong("has no list of entries");
  }

  private @Nullable TocEntry read() {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      return null;
    }
    TocEntry entry = ENTRY.readValue(json);
    if (entry.name() != null && entry.name().indexOf(REPLACEMENT) >= 0) {
      throw wrong("has a name that is not UTF-8: " + Printable.of(entry.name()));
    }
    return entry;
  }

  @Override
  public @Nullable TarEntry next() {
    return parsed(
        () -> {
          while (ahead != null && ahead.isChunk()) {
            ahead = read(); // of a file that nobody asked for
          }
          TocEntry entry = ahead;
          if (entry == null) {
            return null;
          }
          current = entry;
          ahead = read();
          TarEntry found = entry.entry();
          if (LazyNames.isPrefetchLandmark(found.name())) {
            chunks.landmark(layer, entry.offset());
          }
          return found;
        });
  }

  /** Only the place: the content comes when it is read. */
  @Override
  public void content(int inode, TarReader.Content to) throws IOException {
    TocEntry file = java.util.Objects.requireNonNull(current);
    to.hole(file.size());
    named = false;
    long end = add(inode, file, file, 0);
    while (ahead != null && ahead.isChunk()) {
      end = add(inode, file, ahead, end);
      ahead = parsed(this::read);
    }
    if (end != file.size()) {
      throw Invalid.entry(
          file.entry().name(), "its chunks have %d bytes, the file %d".formatted(end, file.size()));
    }
  }

  private long add(int inode, TocEntry file, TocEntry chunk, long end) throws IOException {
    if (file.size() == 0) {
      return 0;
    }
    long bytes = chunk.chunkBytes(file.size());
    if (chunk.chunkOffset() != end || bytes <= 0 || bytes > file.size() - end) {
      throw Invalid.entry(
          file.entry().name(),
          "chunk of %d bytes at %d, expected one at %d of %d"
              .formatted(bytes, chunk.chunkOffset(), end, file.size()));
    }
    if (chunk.isZeros()) {
      return end + bytes; // as the hole is
    }
    if (bytes > ChunkTable.MAX_CHUNK || chunk.innerOffset() > ChunkTable.MAX_CHUNK) {
      throw Invalid.entry(
          file.entry().name(),
          "chunk of %d bytes: at most %d are taken".formatted(bytes, ChunkTable.MAX_CHUNK));
    }
    chunks.add(
        inode,
        layer,
        chunk,
        bytes,
        chunk.chunkSum(file.size()),
        named ? UNNAMED : file.entry().name());
    named = true;
    return end + bytes;
  }

  @Override
  public void close() {
    json.close();
  }

  private interface Parse<T extends @Nullable Object> {
    T run();
  }

  private static <T extends @Nullable Object> T parsed(Parse<T> work) {
    try {
      return work.run();
    } catch (JacksonException e) {
      throw new dev.skep.api.SkepException(
          dev.skep.api.SkepException.Code.INVALID,
          "table of contents: not JSON: " + e.getOriginalMessage(),
          e);
    }
  }

  private static dev.skep.api.SkepException wrong(String what) {
    return Invalid.image("table of contents: " + what);
  }
}
