package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.pager.PagerClient;
import dev.skep.snapshot.pager.PagerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pager of this daemon's sandboxes; started with the first snapshot, or the first restore. */
final class HostPager implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostPager.class);
  private static final Path USERFAULTFD = Path.of("/dev/userfaultfd");
  private static final Duration END = Duration.ofSeconds(5);
  private static final Duration START = Duration.ofSeconds(20);

  private final Optional<PagerProcess> process;
  private @Nullable PagerClient client;

  HostPager(MicroVmConfig config) {
    this.process =
        Optional.of(config.pager())
            .filter(command -> !command.isEmpty() && Files.exists(USERFAULTFD))
            .map(
                command ->
                    new PagerProcess(
                        command,
                        config.state().resolve("pager.sock"),
                        config.state().resolve("pager.log")));
  }

  /** Whether there can be one on this host. */
  boolean usable() {
    return process.isPresent();
  }

  /** So that the first restore does not wait for it. */
  void startAhead() {
    if (usable() && running().isEmpty()) {
      Thread.ofVirtual().name("pager-start").start(this::tryStart);
    }
  }

  private synchronized Optional<PagerClient> running() {
    return Optional.ofNullable(client).filter(current -> !current.lost().isDone());
  }

  private void tryStart() {
    try {
      var _ = client();
    } catch (SkepException e) {
      LOG.warn("the pager was not started: {}", e.getMessage());
    }
  }

  /**
   * The one that runs, or a new one.
   *
   * @throws SkepException UNSUPPORTED where there can be none, UNAVAILABLE with its last words
   */
  synchronized PagerClient client() {
    Optional<PagerClient> current = running();
    if (current.isPresent()) {
      return current.get();
    }
    try {
      PagerClient fresh = process.orElseThrow(HostPager::none).connectOrStart(START);
      client = fresh;
      return fresh;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while the pager started", e);
    }
  }

  private static SkepException none() {
    return new SkepException(
        Code.UNSUPPORTED, "pager: none on this host (expected: " + USERFAULTFD + ")");
  }

  /** With why the pager has killed a VMM, if it has: one that it cannot serve any more. */
  static String whyEnded(PagerClient pager, String vm, String reason) {
    try {
      return pager.status(vm).error().map(why -> reason + ": " + why).orElse(reason);
    } catch (SkepException e) {
      return reason; // it is gone, or has forgotten the guest
    }
  }

  /** Ends the pager, or one that an earlier daemon left; it serves nobody any more. */
  synchronized void stop() {
    try {
      PagerClient current = client;
      if (current == null && usable()) {
        current = PagerClient.connect(process.orElseThrow(HostPager::none).socket());
      }
      if (current != null) {
        current.stop();
        current.lost().get(END.toMillis(), TimeUnit.MILLISECONDS);
        current.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the pager did not end: {}", e.toString());
    } catch (SkepException e) {
      LOG.debug("no pager to stop: {}", e.getMessage());
    }
    client = null;
  }

  /** Lets go; the pager goes on with the guests that it serves. */
  @Override
  public synchronized void close() {
    if (client != null) {
      client.close();
      client = null;
    }
  }
}
