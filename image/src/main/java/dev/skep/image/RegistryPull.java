package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One pull from a registry: finds the manifest, then fetches layers beside each other while the
 * lowest ones are already being written. Closing it stops what still runs and lets the layers go.
 */
final class RegistryPull implements Closeable {
  private static final String ACCEPT =
      String.join(", ", ManifestIndex.OCI, ManifestIndex.DOCKER, Manifest.OCI, Manifest.DOCKER);
  private static final int MAX_DEPTH = 3;

  private final ImageReference name;
  private final RegistryAccess access;
  private final BlobCache blobs;
  private final ImageSettings settings;
  private final Platform platform;
  private final Pause pause;
  private final Images.Progress progress;
  private final Map<Digest, BlobCache.Lease> leases = new HashMap<>();
  private final Map<Digest, Future<Path>> files = new HashMap<>();
  private final AtomicLong fetched = new AtomicLong();
  private final ExecutorService threads;
  private long total;
  private boolean succeeded;
  private Optional<LazyPull> lazy = Optional.empty();
  private boolean failedForGood;

  RegistryPull(
      ImageReference name,
      RegistryAccess access,
      BlobCache blobs,
      ImageSettings settings,
      Platform platform,
      Pause pause,
      Images.Progress progress) {
    this.name = name;
    this.access = access;
    this.blobs = blobs;
    this.settings = settings;
    this.platform = platform;
    this.pause = pause;
    this.progress = progress;
    this.threads =
        Executors.newFixedThreadPool(
            settings.parallelLayers(), Thread.ofPlatform().name("skep-pull-", 0).factory());
  }

  Found found() {
    Resolved resolved = resolve(name.target(), 1);
    Manifest manifest = resolved.manifest;
    byte[] document = document("blobs/" + manifest.config().digest(), manifest.config().digest());
    ImageDocument config = ImageDocument.parse(document, platform);
    if (config.diffIds().size() != manifest.layers().size()) {
      throw Invalid.image(
          "its config names %d layers, its manifest %d"
              .formatted(config.diffIds().size(), manifest.layers().size()));
    }
    lazy =
        LazyPull.of(
            name.pinned(resolved.digest.toString()),
            manifest.layers(),
            config.diffIds(),
            new Blobs(),
            progress);
    return new Found(
        Optional.empty(),
        Optional.of(resolved.digest),
        config.config(),
        Optional.of(config.diffIds()),
        Optional.of(config.json()),
        new Fetched(manifest.layers(), config.diffIds()));
  }

  /** The same image without its content; empty where its layers are not made for that. */
  Optional<LazyPull> lazy() {
    return lazy;
  }

  /** Those of the repository. */
  private final class Blobs implements LazyPull.Blobs {
    private @Nullable Map<Digest, Descriptor> tocs;

    @Override
    public BlobRanges open(Digest blob) {
      return new BlobRanges(access, blob, pause, settings.retries());
    }

    @Override
    public Map<Digest, Descriptor> externalTocs() {
      Map<Digest, Descriptor> known = tocs;
      if (known == null) {
        known = name.tag().map(tag -> find(tag + TocPlace.EXTERNAL_TAG)).orElse(Map.of());
        tocs = known;
      }
      return known;
    }

    private Map<Digest, Descriptor> find(String tag) {
      try {
        return resolve(tag, 1).manifest().layers().stream()
            .filter(toc -> Digest.isValid(of(toc)))
            .collect(Collectors.toMap(toc -> Digest.parse(of(toc)), toc -> toc, (one, _) -> one));
      } catch (SkepException e) {
        if (e.code() == Code.UNAVAILABLE) {
          throw e;
        }
        return Map.of(); // the image can be pulled in full all the same
      }
    }

    private static String of(Descriptor toc) {
      return toc.annotations().getOrDefault(TocPlace.EXTERNAL_LAYER, "");
    }
  }

  private record Resolved(Digest digest, Manifest manifest) {}

  private Resolved resolve(String target, int depth) {
    Optional<Digest> expected =
        Digest.isValid(target) ? Optional.of(Digest.parse(target)) : Optional.empty();
    byte[] document = document("manifests/" + target, expected.orElse(null));
    Digest digest = Digest.of(document);
    var json = Json.object(document, "manifest " + target);
    if (!ManifestIndex.isIndex(json)) {
      return new Resolved(digest, Manifest.parse(json));
    }
    if (depth == MAX_DEPTH) {
      throw Invalid.image("an index of indexes, " + MAX_DEPTH + " deep");
    }
    return resolve(ManifestIndex.choose(json, platform).digest().toString(), depth + 1);
  }

  /** A document, verified where its digest is known; what the registry claims counts too. */
  private byte[] document(String path, @Nullable Digest expected) {
    DocumentBody body = new DocumentBody();
    String what = path.replace("manifests/", "manifest ").replace("blobs/", "config ");
    return new Retry(pause, settings.retries())
        .run(
            "asking registry " + name.registry() + " for " + what,
            () -> {
              Transport.Answer answer = access.get(path, Map.of("Accept", ACCEPT), body);
              RegistryErrors.check(answer, what, access);
              Digest found = Digest.of(body.bytes());
              String claimed = answer.header("Docker-Content-Digest");
              if (expected != null && !found.equals(expected)) {
                throw Invalid.image(
                    "%s: the registry sent a document that sums to %s".formatted(what, found));
              }
              if (Digest.isValid(claimed) && !claimed.equals(found.toString())) {
                throw Invalid.image(
                    "%s: the registry says %s and sent %s".formatted(what, claimed, found));
              }
              return body.bytes();
            });
  }

  /** The layers; asking for the first begins to fetch them all. */
  private final class Fetched implements Flattener.Layers {
    private final List<Descriptor> layers;
    private final List<Digest> diffIds;

    private Fetched(List<Descriptor> layers, List<Digest> diffIds) {
      this.layers = List.copyOf(layers);
      this.diffIds = diffIds;
    }

    @Override
    public int count() {
      return layers.size();
    }

    @Override
    public long bytes() {
      return layers.stream().mapToLong(layer -> Math.max(0, layer.size())).sum();
    }

    @Override
    public Layer get(int index) {
      total = bytes();
      begin(layers);
      Descriptor layer = layers.get(index);
      Path file = await(layer.digest());
      return new Layer(
          "layer " + layer.digest(),
          Optional.empty(),
          Optional.of(diffIds.get(index)),
          layer.size(),
          () -> Files.newInputStream(file));
    }
  }

  private void begin(List<Descriptor> layers) {
    if (!files.isEmpty()) {
      return;
    }
    for (Descriptor layer : layers) {
      BlobCache.Lease lease = leases.computeIfAbsent(layer.digest(), blobs::lease);
      files.computeIfAbsent(
          layer.digest(),
          _ -> threads.submit(() -> lease.file(part -> download(layer).into(part, this::count))));
    }
  }

  private BlobDownload download(Descriptor layer) {
    return new BlobDownload(access, layer, new Retry(pause, settings.retries()), blobs.folder());
  }

  private void count(long bytes) {
    progress.at("fetch", fetched.addAndGet(bytes), total);
  }

  /** Waits for a layer: each of its requests has a deadline and a budget of tries. */
  private Path await(Digest layer) {
    try {
      return java.util.Objects.requireNonNull(files.get(layer)).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "the pull was cancelled", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SkepException failure) {
        failedForGood = failure.code() != Code.UNAVAILABLE;
        throw new SkepException(failure.code(), String.valueOf(failure.getMessage()), failure);
      }
      failedForGood = true;
      throw e.getCause() instanceof IOException io
          ? FileFailure.of(blobs.folder(), io)
          : new IllegalStateException(e);
    }
  }

  /** The image is written: its layers are not needed any more. */
  void succeeded() {
    succeeded = true;
  }

  @Override
  public void close() {
    files.values().forEach(file -> file.cancel(true));
    threads.shutdownNow();
    List<IOException> failures = new ArrayList<>();
    for (BlobCache.Lease lease : leases.values()) {
      if (!succeeded && !failedForGood) {
        lease.keep();
      }
      try {
        lease.close();
      } catch (IOException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw FileFailure.of(blobs.folder(), failures.getFirst());
    }
  }
}
