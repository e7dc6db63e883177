package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of this host in one folder, which one process at a time may use. Thread-safe: pulls
 * run beside each other; the index has one lock, held only for file operations.
 */
public final class LocalImages implements Images, Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalImages.class);

  private final ImageFolder folder;
  private final ImageIndex index;
  private final ImageSettings settings;
  private final Platform platform;
  private final Clock clock;
  private final SharedPulls pulls = new SharedPulls();
  private final Registries registries;
  private final Optional<LazyMount> lazy;
  private final ListExchange lists;

  private LocalImages(
      ImageFolder folder,
      ImageIndex index,
      ImageSettings settings,
      Optional<LazyMount> lazy,
      Optional<SharedLists> lists,
      Platform platform,
      Clock clock,
      Pause pause) {
    this.folder = folder;
    this.index = index;
    this.settings = settings;
    this.lazy = lazy;
    this.lists = new ListExchange(folder, lists);
    this.platform = platform;
    this.clock = clock;
    this.registries = new Registries(settings, platform, folder.blobs(), pause);
  }

  /**
   * Opens the store in a folder, which is made if need be; images whose file is gone or cut short
   * are forgotten, as are those that are not complete where nothing is to be lazy; unfinished work
   * of an earlier run is removed.
   *
   * @param lazy serves images while they are fetched, where their layers are made for that; without
   *     it all images are pulled in full
   * @param lists where hosts share what starts of lazy images read
   * @throws SkepException INTERNAL when the folder or its index cannot be read
   */
  public static LocalImages open(
      Path root,
      ImageSettings settings,
      Optional<LazyMount> lazy,
      Optional<SharedLists> lists,
      Clock clock) {
    LocalImages images = open(root, settings, lazy, lists, Platform.host(), clock, Pause.REAL);
    images.lists.begin(images::stored);
    return images;
  }

  /** The same, with nothing lazy. */
  public static LocalImages open(Path root, ImageSettings settings, Clock clock) {
    return open(root, settings, Optional.empty(), Optional.empty(), clock);
  }

  static LocalImages open(
      Path root, ImageSettings settings, Platform platform, Clock clock, Pause pause) {
    return open(root, settings, Optional.empty(), Optional.empty(), platform, clock, pause);
  }

  private static LocalImages open(
      Path root,
      ImageSettings settings,
      Optional<LazyMount> lazy,
      Optional<SharedLists> lists,
      Platform platform,
      Clock clock,
      Pause pause) {
    try {
      ImageFolder folder = ImageFolder.open(root);
      ImageIndex index = ImageIndex.open(folder.index());
      index.retain(
          index.all().stream()
              .filter(folder::has)
              .filter(image -> lazy.isPresent() || !folder.isLazy(image.key()))
              .toList());
      folder.deleteAllBut(index.all().stream().map(StoredImage::key).toList());
      return new LocalImages(folder, index, settings, lazy, lists, platform, clock, pause);
    } catch (IOException e) {
      throw FileFailure.of(root, e);
    }
  }

  @Override
  public Image ensure(String reference, Progress progress) {
    Optional<Image> here = find(reference);
    return here.isPresent() ? here.get() : pull(reference, progress);
  }

  @Override
  public Image pull(String reference, Progress progress) {
    ImageReference name = ImageReference.parse(reference);
    return named(name, () -> pulls.run(name.toString(), progress, all -> pullNow(name, all)));
  }

  private Image pullNow(ImageReference name, Progress progress) {
    progress.at("resolve", 0, 0);
    try (RegistryPull pull = registries.pull(name, progress)) {
      Found found = pull.found();
      Optional<Image> here = registered(name, found);
      here = here.isPresent() ? here : storeLazily(name, found, pull);
      Image image = here.isPresent() ? here.get() : store(name, found, progress);
      pull.succeeded();
      return image;
    }
  }

  /** Empty where the image has to be pulled in full: the log says why. */
  private Optional<Image> storeLazily(ImageReference name, Found found, RegistryPull pull) {
    if (lazy.isEmpty()) {
      return Optional.empty();
    }
    if (pull.lazy().isEmpty()) {
      LOG.info(
          "image {}: pulled in full before it starts; as eStargz ('skep image convert') it would"
              + " start while it is fetched",
          name);
      return Optional.empty();
    }
    try (ImageFolder.Work work = folder.work()) {
      lazy.get().ensure(folder, settings.plainHttpRegistries());
      String key = Flattener.key(found.diffIds().orElseThrow()).hex();
      ListExchange.Asked list = lists.ask(found.digest().orElseThrow().toString(), key);
      Path made = Files.createDirectory(work.folder().resolve("lazy"));
      pull.lazy().get().into(new LazyFolder(made), settings.maxImageBytes());
      list.settle();
      synchronized (this) {
        folder.publishLazy(made, key);
        return Optional.of(register(name, found, key));
      }
    } catch (LazyPull.Unfit | LazyMount.Absent e) {
      LOG.warn("image {}: pulled in full before it starts: {}", name, e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw FileFailure.of(folder.root(), e);
    }
  }

  @Override
  public Image load(Path layoutOrArchive, String reference, Progress progress) {
    Optional<ImageReference> wanted =
        reference.isEmpty() ? Optional.empty() : Optional.of(ImageReference.parse(reference));
    try (ImageFolder.Work work = folder.work();
        ContentFiles files = ContentFiles.open(layoutOrArchive, work.folder())) {
      progress.at("resolve", 0, 0);
      Found found = ContentFiles.find(files, wanted, platform);
      ImageReference name =
          wanted.or(() -> found.name().map(ImageReference::parse)).orElseThrow(this::nameless);
      return named(name, () -> store(name, found, progress));
    } catch (IOException e) {
      throw FileFailure.of(layoutOrArchive, e);
    }
  }

  private SkepException nameless() {
    return Invalid.image("the image has no name of its own: give one");
  }

  @Override
  public Image importRootfs(Path tar, String reference, ImageConfig config, Progress progress) {
    ImageReference name = ImageReference.parse(reference);
    if (!Files.isRegularFile(tar)) {
      throw new SkepException(Code.NOT_FOUND, tar + ": no such file; expected a tar");
    }
    try {
      Found found = RootfsTar.find(tar, config);
      return named(name, () -> store(name, found, progress));
    } catch (IOException e) {
      throw FileFailure.of(tar, e);
    }
  }

  /** Failures name the image. */
  private static Image named(ImageReference name, java.util.function.Supplier<Image> work) {
    try {
      return work.get();
    } catch (SkepException e) {
      throw new SkepException(e.code(), "image " + name + ": " + e.getMessage(), e);
    }
  }

  private Image store(ImageReference name, Found found, Progress progress) {
    try {
      Optional<Image> here = registerIfHere(name, found);
      return here.isPresent() ? here.get() : write(name, found, progress);
    } catch (IOException e) {
      throw FileFailure.of(folder.root(), e);
    }
  }

  private Optional<Image> registered(ImageReference name, Found found) {
    try {
      return registerIfHere(name, found);
    } catch (IOException e) {
      throw FileFailure.of(folder.root(), e);
    }
  }

  private synchronized Optional<Image> registerIfHere(ImageReference name, Found found)
      throws IOException {
    Optional<String> key = found.diffIds().map(ids -> Flattener.key(ids).hex());
    return key.isPresent() && index.uses(key.get())
        ? Optional.of(register(name, found, key.get()))
        : Optional.empty();
  }

  private Image write(ImageReference name, Found found, Progress progress) throws IOException {
    try (ImageFolder.Work work = folder.work()) {
      WriteMeter meter = new WriteMeter(progress, found.layers().bytes());
      Flattener flattener = new Flattener(work.folder(), settings.maxImageBytes(), meter);
      String key = flattener.flatten("image", found.layers()).hex();
      Path finished = work.folder().resolve("image");
      ImageFolder.force(finished);
      synchronized (this) {
        folder.publish(finished, key);
        return register(name, found, key);
      }
    }
  }

  private Image register(ImageReference name, Found found, String key) throws IOException {
    String digest = found.digest().orElseGet(() -> digest(found.config(), key)).toString();
    List<String> names = new ArrayList<>(List.of(name.toString()));
    if (name.digest().isEmpty()) {
      names.add(name.pinned(digest).toString());
    }
    StoredImage added =
        new StoredImage(
            names, digest, key, Files.size(stored(key)), found.config(), clock.instant());
    return at(index.add(added));
  }

  private Path stored(String key) {
    return folder.isLazy(key) ? folder.lazy(key).image() : folder.erofs(key);
  }

  /** Where it is read now: an image that is not complete is served by a process that runs. */
  private Image at(StoredImage image) {
    if (!folder.isLazy(image.key())) {
      return image.at(folder.erofs(image.key()));
    }
    try {
      lazy.ifPresent(mount -> mount.ensure(folder, settings.plainHttpRegistries()));
    } catch (SkepException e) {
      LOG.warn("image {} cannot be read: {}", image.references().getFirst(), e.getMessage());
    }
    return image.at(folder.mounted(image.key()));
  }

  /** An image without a manifest is known by its config and its files. */
  private static Digest digest(ImageConfig config, String key) {
    String text = Json.MAPPER.writeValueAsString(config) + "\n" + key;
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public synchronized Optional<Image> find(String reference) {
    String name =
        Digest.isValid(reference) ? reference : ImageReference.parse(reference).toString();
    return index.named(name).map(this::at);
  }

  @Override
  public synchronized List<Image> list() {
    return index.all().stream().map(this::at).toList();
  }

  @Override
  public synchronized void remove(String reference) {
    String name =
        Digest.isValid(reference) ? reference : ImageReference.parse(reference).toString();
    StoredImage image =
        index.named(name).orElseThrow(() -> new SkepException(Code.NOT_FOUND, absent(name)));
    try {
      index.remove(image, namesToRemove(image, name));
      if (!index.uses(image.key())) {
        folder.delete(image.key());
      }
    } catch (IOException e) {
      throw FileFailure.of(folder.index(), e);
    }
  }

  /** With the last tag go the pinned names, which nobody gave. */
  private static List<String> namesToRemove(StoredImage image, String name) {
    boolean tagsStay =
        image.references().stream().anyMatch(n -> !n.equals(name) && !n.contains("@"));
    boolean all = name.equals(image.digest()) || (!name.contains("@") && !tagsStay);
    return all ? image.references() : List.of(name);
  }

  private static String absent(String name) {
    return "image " + name + " is not here; 'skep image ls' lists what is";
  }

  private synchronized List<StoredImage> stored() {
    return index.all();
  }

  /** Lets go of connections. Images stay. */
  @Override
  public void close() {
    lists.close();
    registries.close();
  }
}
