package dev.skep.control;

import dev.skep.api.SkepException;
import dev.skep.image.Image;
import dev.skep.image.Images;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings new revisions to their first ready instance: image, command, start. It belongs to the
 * control thread.
 */
final class Deployments {
  private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);
  private static final int FETCHES_AT_ONCE = 4;

  private final Wiring wiring;
  private final Images images;
  private final Fleet fleet;
  private final RevisionObserver observer;
  private final Semaphore fetches = new Semaphore(FETCHES_AT_ONCE);

  Deployments(Wiring wiring, Images images, Fleet fleet, RevisionObserver observer) {
    this.wiring = wiring;
    this.images = images;
    this.fleet = fleet;
    this.observer = observer;
  }

  /** From the image on; also to try again what failed. */
  void begin(Revision revision) {
    revision.begun = true;
    revision.retrying = revision.deployment instanceof Deployment.Failed;
    revision.image = Optional.empty();
    var progress = new ThrottledProgress(wiring.clocks().nanos(), revision);
    wiring.executor().execute(() -> fetch(revision, progress));
  }

  /** Binds revisions that were ready before a restart to their images, where these are here. */
  void bind(List<Revision> ready) {
    wiring
        .executor()
        .execute(
            () -> {
              var byDigest = new HashMap<String, Image>();
              images.list().forEach(image -> byDigest.put(image.digest(), image));
              wiring
                  .mailbox()
                  .post(
                      () ->
                          ready.forEach(
                              revision ->
                                  revision.image =
                                      Optional.ofNullable(byDigest.get(revision.imageDigest))));
            });
  }

  private void fetch(Revision revision, Images.Progress progress) {
    String reference = revision.spec.image();
    try {
      fetches.acquire();
      try {
        Image image = images.ensure(reference, progress);
        wiring.mailbox().post(() -> fetched(revision, image));
      } finally {
        fetches.release();
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } catch (SkepException e) {
      failLater(revision, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("image {} of {} could not be made ready", reference, revision.key(), e);
      failLater(revision, e.toString());
    }
  }

  private void failLater(Revision revision, String message) {
    StartFailure failure =
        StartFailure.of(
            Reason.IMAGE,
            "Unable to fetch image \"%s\": %s".formatted(revision.spec.image(), message));
    wiring.mailbox().post(() -> failed(revision, failure));
  }

  private void fetched(Revision revision, Image image) {
    if (revision.deleted) {
      return;
    }
    if (SandboxSpecs.process(revision, image, Map.of()).isEmpty()) {
      failed(revision, SandboxSpecs.noCommand(revision));
      return;
    }
    revision.image = Optional.of(image);
    revision.imageDigest = image.digest();
    if (!revision.retrying) {
      revision.deployment = new Deployment.Starting();
    }
    revision.completeDeployment();
    observer.changed(revision);
    fleet.scale(revision);
  }

  private void failed(Revision revision, StartFailure failure) {
    if (!revision.deleted) {
      fleet.life().noteFailure(revision, failure);
    }
  }

  /** At most one message a second, from whatever thread pulls. */
  private final class ThrottledProgress implements Images.Progress {
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier clock;
    private final Revision revision;
    private final AtomicLong nextNanos;

    private ThrottledProgress(LongSupplier clock, Revision revision) {
      this.clock = clock;
      this.revision = revision;
      this.nextNanos = new AtomicLong(clock.getAsLong());
    }

    @Override
    public void at(String step, long doneBytes, long totalBytes) {
      long due = nextNanos.get();
      long now = clock.getAsLong();
      if (now >= due && nextNanos.compareAndSet(due, now + PERIOD_NANOS)) {
        String text = describe(step, doneBytes, totalBytes);
        wiring.mailbox().postOnce(this, () -> show(text));
      }
    }

    private void show(String text) {
      if (revision.deployment instanceof Deployment.Fetching && revision.image.isEmpty()) {
        revision.deployment = new Deployment.Fetching(text);
        observer.changed(revision);
      }
    }

    private String describe(String step, long done, long total) {
      String amount =
          total > 0
              ? String.format(Locale.ROOT, "%.1f of %.1f MB", done / 1e6, total / 1e6)
              : done > 0 ? String.format(Locale.ROOT, "%.1f MB", done / 1e6) : "";
      return "image %s: %s %s".formatted(revision.spec.image(), step, amount).strip();
    }
  }
}
