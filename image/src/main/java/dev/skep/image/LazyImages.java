package dev.skep.image;

import dev.skep.linux.FuseFiles;
import dev.skep.linux.FuseNode;
import dev.skep.linux.FuseReply;
import dev.skep.linux.ReadOnlyFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that the process of lazy images gives out: {@code KEY.erofs}, {@code KEY.json} (a
 * {@link LazyStatus}) and {@code pid}. What is asked for is looked up in the store's folder, so
 * that nobody has to tell this process of a new image. Thread-safe.
 */
final class LazyImages implements FuseFiles, LazyFile.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(LazyImages.class);
  private static final Pattern IMAGE = Pattern.compile("([0-9a-f]{64})\\.(erofs|json)");

  /** Tries in a row, the waits between them some 30 s: then who reads gets an error. */
  private static final int PATIENT_RETRIES = 8;

  private final ImageFolder folder;
  private final ImageSettings settings;
  private final Transport transport;
  private final Map<String, String> bases = RegistryAccess.noBases();
  private final Pause pause;
  private final Duration recordFor;
  private final Map<String, LazyFile> open = new HashMap<>();
  private final Map<String, Long> recordEnds = new HashMap<>();

  /** What the kernel knows: it may be read. */
  private final Set<FuseNode> held = new HashSet<>();

  /**
   * @param recordFor how long the first reads of an image are noted
   */
  LazyImages(
      ImageFolder folder,
      ImageSettings settings,
      Transport transport,
      Pause pause,
      Duration recordFor) {
    this.folder = folder;
    this.settings = settings;
    this.transport = transport;
    this.pause = pause;
    this.recordFor = recordFor;
  }

  /** Goes on with the images that an earlier process left. */
  void resume() throws IOException {
    try (Stream<Path> all = Files.list(folder.lazy())) {
      for (Path path : all.toList()) {
        node(path.getFileName() + ".erofs");
      }
    }
  }

  @Override
  public synchronized @Nullable FuseNode find(String name) {
    FuseNode found = node(name);
    if (found instanceof LazyFile) {
      held.add(found);
    }
    return found;
  }

  private synchronized @Nullable FuseNode node(String name) {
    if (name.equals(LazyMount.PID)) {
      return new Text(Long.toString(ProcessHandle.current().pid()));
    }
    Matcher image = IMAGE.matcher(name);
    if (!image.matches()) {
      return null;
    }
    try {
      return image.group(2).equals("erofs") ? file(image.group(1)) : status(image.group(1));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | RuntimeException e) {
      LOG.error("lazy image {}: {}", image.group(1), e.toString());
      return null;
    }
  }

  private @Nullable FuseNode status(String key) {
    LazyFile file = open.get(key);
    return file == null ? null : new Text(Json.MAPPER.writeValueAsString(file.status()));
  }

  private FuseNode file(String key) throws IOException {
    letGo();
    LazyFile file = open.get(key);
    if (file != null) {
      return file;
    }
    LazyFolder lazy = folder.lazy(key);
    if (!Files.exists(lazy.origin())) {
      return new Whole(folder.erofs(key)); // it became complete a moment ago
    }
    file = open(key, lazy);
    open.put(key, file);
    file.begin();
    LOG.info("image {}: served while it is fetched from {}", key, lazy.readOrigin().reference());
    return file;
  }

  private LazyFile open(String key, LazyFolder lazy) throws IOException {
    LazyOrigin origin = lazy.readOrigin();
    RegistryAccess access =
        new RegistryAccess(transport, settings, ImageReference.parse(origin.reference()), bases);
    List<BlobRanges> layers = new ArrayList<>();
    for (LazyOrigin.Source layer : origin.layers()) {
      layers.add(new BlobRanges(access, Digest.parse(layer.digest()), pause, PATIENT_RETRIES));
    }
    ChunkMap map = ChunkMap.read(lazy.chunks());
    Path recorded = folder.access(key);
    boolean known = Files.exists(recorded);
    int[] wanted = known ? AccessList.read(recorded, map.count()) : landmarks(map, origin);
    AccessList record = known ? null : new AccessList(ChunkNames.read(lazy.names()));
    return LazyFile.open(key, lazy, map, layers, wanted, record, this);
  }

  /** What the makers of the layers expect a start to read. */
  private static int[] landmarks(ChunkMap map, LazyOrigin origin) {
    return java.util.stream.IntStream.range(0, map.count())
        .filter(chunk -> map.offset(chunk) < origin.layers().get(map.layer(chunk)).landmark())
        .toArray();
  }

  /**
   * Ends the records whose time is over, and the fetching of images that were removed. To be called
   * now and then.
   */
  void tick() {
    letGo();
    for (LazyFile file : recorded()) {
      AccessList list = file.takeRecord();
      if (list != null) {
        try {
          list.write(folder.access(file.name()));
          LOG.info("image {}: what was read first is recorded", file.name());
        } catch (IOException e) {
          LOG.warn("image {}: no record of what was read first: {}", file.name(), e.toString());
        }
      }
    }
  }

  /** A removed image is served on to those who have it open, and has no other claim to the link. */
  private synchronized void letGo() {
    for (LazyFile file : List.copyOf(open.values())) {
      if (!isThere(file)) {
        open.remove(file.name());
        recordEnds.remove(file.name());
        if (held.contains(file)) {
          file.demandOnly();
        } else {
          file.close();
          file.release();
        }
      }
    }
  }

  private boolean isThere(LazyFile file) {
    try {
      return file.isAt(folder.lazy(file.name()).image()) || file.isAt(folder.erofs(file.name()));
    } catch (NoSuchFileException e) {
      return false; // it went while we looked
    } catch (IOException e) {
      LOG.warn("lazy image {}: {}", file.name(), e.toString());
      return true;
    }
  }

  private synchronized List<LazyFile> recorded() {
    List<LazyFile> over = new ArrayList<>();
    long now = System.nanoTime();
    for (LazyFile file : open.values()) {
      if (file.isRecording()) {
        long end = recordEnds.computeIfAbsent(file.name(), _ -> now + recordFor.toNanos());
        if (now - end >= 0) {
          over.add(file);
        }
      }
    }
    return over;
  }

  @Override
  public synchronized void complete(LazyFile file) {
    try {
      if (file.isAt(folder.lazy(file.name()).image())) {
        folder.complete(file.name());
        LOG.info("image {}: all of it is here", file.name());
      }
    } catch (IOException e) {
      LOG.error("image {}: {}", file.name(), e.toString());
    }
  }

  /** One that is complete is served from the store from now on; one that was removed, never. */
  @Override
  public synchronized void forgotten(LazyFile file) {
    held.remove(file);
    boolean removed = open.get(file.name()) != file;
    if (removed) {
      file.close();
    } else if (file.isComplete() && !file.isRecording()) {
      open.remove(file.name());
    } else {
      return;
    }
    file.release();
  }

  /** Bytes that were made for who asked. */
  private static final class Text implements FuseNode {
    private final byte[] bytes;

    private Text(String text) {
      bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public boolean isKept() {
      return false;
    }

    @Override
    public void read(long offset, int count, FuseReply reply) {
      reply.data(bytes, (int) offset, count);
    }
  }

  /** A complete image. */
  private static final class Whole implements FuseNode {
    private final ReadOnlyFile file;
    private final long size;

    private Whole(Path path) throws IOException {
      size = Files.size(path);
      file = ReadOnlyFile.open(path);
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void read(long offset, int bytes, FuseReply reply) {
      reply.data(file, offset, bytes);
    }

    @Override
    public void forgotten() {
      file.close();
    }
  }
}
