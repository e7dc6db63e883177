package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.SharedLists;
import dev.skep.linux.HostCpu;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots in a bucket. Uploads go one after the other, on a thread of their own; several starts
 * that look for the same snapshot share one look, whose answer is kept for a while if there is
 * none.
 */
public final class S3Snapshots implements RemoteSnapshots, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(S3Snapshots.class);

  /**
   * How long a start waits to hear whether there is a snapshot, from a store that has not spoken.
   */
  private static final Duration STRANGER_PATIENCE = Duration.ofMillis(500);

  /** The same from one that has answered last time: a boot that is saved is worth more. */
  private static final Duration ANSWER_PATIENCE = Duration.ofMillis(1_500);

  /** How long it waits for state and working set, once there is one. */
  private static final Duration FETCH_PATIENCE = Duration.ofSeconds(10);

  /** For how long an answer that there is none, or a store that is away, is believed. */
  private static final Duration BELIEF = Duration.ofSeconds(20);

  private static final int LOOKS = 4;
  private static final int UPLOAD_TRIES = 6;
  private static final long FIRST_PAUSE_MILLIS = 1_000;

  private final Location location;
  private final SnapshotStore store;
  private final Duration belief;
  private final Bucket bucket;
  private final ExecutorService looks =
      Executors.newFixedThreadPool(
          LOOKS, Thread.ofPlatform().daemon().name("remote-", 0).factory());
  private final ExecutorService uploads =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("remote-upload").factory());
  private final ConcurrentMap<SnapshotKey, Look> looking = new ConcurrentHashMap<>();
  private final Set<SnapshotKey> distrusted = ConcurrentHashMap.newKeySet();
  private volatile long awayUntil = System.nanoTime();
  private volatile String away = "";
  private volatile boolean spoken;

  /** One look for one key. */
  private static final class Look {
    final CompletableFuture<Boolean> there = new CompletableFuture<>();
    final CompletableFuture<Found> done = new CompletableFuture<>();
    volatile long until = Long.MAX_VALUE;

    boolean over() {
      return until != Long.MAX_VALUE && System.nanoTime() - until > 0;
    }
  }

  S3Snapshots(Location location, SnapshotStore store, Duration belief) {
    this.belief = belief;
    this.location = location;
    this.store = store;
    this.bucket = new Bucket(location);
  }

  /**
   * Begins to get ready, and to send what an earlier daemon has not, beside its caller: nothing of
   * it delays or fails a daemon.
   */
  public static S3Snapshots open(Location location, SnapshotStore store) {
    var opened = new S3Snapshots(location, store, BELIEF);
    opened.looks.execute(opened::greet);
    store.list().forEach(snapshot -> opened.published(snapshot.manifest().id()));
    return opened;
  }

  /** The first call is slow, for the SDK loads its classes; and an error is best told at once. */
  private void greet() {
    try {
      Optional<String> some = bucket.newest("snapshots/");
      bucket.warmUp();
      spoken = true;
      LOG.info("snapshots are shared at {}{}", location, some.isEmpty() ? ", none so far" : "");
    } catch (SkepException e) {
      isAway(e);
    }
  }

  private void isAway(SkepException why) {
    spoken = false;
    away = String.valueOf(why.getMessage());
    awayUntil = System.nanoTime() + belief.toNanos();
    LOG.warn("remote snapshots are left out for {} s: {}", belief.toSeconds(), away);
  }

  @Override
  public Found bring(SnapshotKey key, String imageDigest, String vmm) {
    if (distrusted.contains(key)) {
      return new Found.NotHere("the remote snapshot did not work here");
    }
    if (awayUntil - System.nanoTime() > 0) {
      return new Found.NotHere("the remote store is away: " + away);
    }
    Look look = look(key, imageDigest, vmm);
    try {
      Duration answer = spoken ? ANSWER_PATIENCE : STRANGER_PATIENCE;
      boolean there = look.there.get(answer.toMillis(), TimeUnit.MILLISECONDS);
      long patience = there ? FETCH_PATIENCE.toMillis() : 1;
      return look.done.get(patience, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new Found.NotHere("the remote store takes its time");
    } catch (ExecutionException e) {
      return new Found.NotHere(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Found.NotHere("interrupted");
    }
  }

  private Look look(SnapshotKey key, String imageDigest, String vmm) {
    looking.values().removeIf(Look::over);
    return looking.computeIfAbsent(
        key,
        _ -> {
          var look = new Look();
          looks.execute(() -> look(look, key, imageDigest, vmm));
          return look;
        });
  }

  private void look(Look look, SnapshotKey key, String imageDigest, String vmm) {
    Found found;
    try {
      found = fetch(look, key, imageDigest, vmm);
      spoken = true;
    } catch (SkepException e) {
      if (e.code() == Code.UNAVAILABLE || e.code() == Code.FORBIDDEN) {
        isAway(e);
      } else {
        LOG.warn("a remote snapshot is left out: {}", e.getMessage());
      }
      found = new Found.NotHere("the remote snapshot cannot be had: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      LOG.error("a remote snapshot is left out", e);
      found = new Found.NotHere("the remote snapshot cannot be had: " + e);
    }
    boolean here = found instanceof Found.Here;
    look.until = System.nanoTime() + (here ? 0 : belief.toNanos());
    look.done.complete(found); // before the other: who hears that there is none asks this for why
    look.there.complete(here);
  }

  private Found fetch(Look look, SnapshotKey key, String imageDigest, String vmm)
      throws IOException {
    var download = new Download(bucket, location);
    RemoteManifest manifest;
    try {
      manifest = download.manifest(RemoteManifest.key(imageDigest, key));
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return new Found.NotHere(whyNot(download, imageDigest, vmm));
      }
      throw e;
    }
    look.there.complete(true);
    long begun = System.nanoTime();
    download.run(manifest, key, store);
    LOG.info(
        "snapshot {} of {} came from {} in {} ms; its memory comes while it is used",
        manifest.snapshot().id(),
        manifest.snapshot().facts().revision(),
        location,
        (System.nanoTime() - begun) / 1_000_000);
    return new Found.Here();
  }

  /** Perhaps there is one, but of another kind of host. */
  private String whyNot(Download download, String imageDigest, String vmm) {
    Optional<String> other = bucket.newest(RemoteManifest.folder(imageDigest));
    if (other.isEmpty()) {
      return "there is no remote snapshot either";
    }
    Manifest.Facts facts = download.manifest(other.get()).snapshot().facts();
    boolean same = facts.cpuModel().equals(HostCpu.model()) && facts.vmm().equals(vmm);
    String reason =
        same
            ? "the remote snapshot of this image is of another process, size, kernel, or set of CPU features"
            : "the remote snapshot of this image is of another kind of host: %s on %s (expected: %s on %s)"
                .formatted(facts.vmm(), facts.cpuModel(), vmm, HostCpu.model());
    LOG.info("{}", reason);
    return reason;
  }

  @Override
  public void published(String id) {
    uploads.execute(() -> upload(id));
  }

  private void upload(String id) {
    for (int attempt = 0; attempt < UPLOAD_TRIES; attempt++) {
      try (Lease lease = store.hold(id)) {
        long begun = System.nanoTime();
        boolean again = distrusted.contains(lease.manifest().key());
        if (!new Upload(bucket, location, lease, again).run()) {
          return;
        }
        distrusted.remove(lease.manifest().key());
        looking.remove(lease.manifest().key()); // whoever has heard that there is none
        LOG.info(
            "snapshot {} ({}) is at {}, after {} ms",
            id,
            lease.manifest().state(),
            location,
            (System.nanoTime() - begun) / 1_000_000);
        return;
      } catch (SkepException e) {
        boolean gone = e.code() == Code.NOT_FOUND || e.code() == Code.GONE;
        LOG.warn("snapshot {} is not uploaded{}: {}", id, gone ? "" : " yet", e.getMessage());
        if (gone || !pause(attempt)) {
          return;
        }
      } catch (IOException | RuntimeException e) {
        LOG.error("snapshot {} is not uploaded", id, e);
        return;
      }
    }
  }

  private static boolean pause(int attempt) {
    try {
      Thread.sleep(FIRST_PAUSE_MILLIS << attempt);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What starts of lazy images read, in the same place; usable until this is closed. */
  public SharedLists accessLists() {
    return new S3AccessLists(bucket);
  }

  @Override
  public void distrust(SnapshotKey key) {
    distrusted.add(key);
  }

  /** Lets go; what was not uploaded will be when it is recorded or taken again. */
  @Override
  public void close() {
    uploads.shutdownNow();
    looks.shutdownNow();
    bucket.close();
  }
}
