package dev.skep.control;

import dev.skep.image.Images;
import dev.skep.policy.ScalingPolicies;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.pager.Calibrator;
import dev.skep.store.EventLog;
import dev.skep.store.KindFollower;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Service objects into running instances. One thread owns all its state; everything that
 * blocks runs on the executor and comes back as a message. Instances outlive it: the next control
 * plane adopts them.
 */
public final class ControlPlane implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
  private static final Duration FLUSH = Duration.ofSeconds(2);
  private static final long JOIN_MILLIS = 5_000;

  /**
   * What it works with; all of it stays its owner's to close.
   *
   * @param pods told of the sandboxes of an earlier daemon that are pods, not instances
   * @param executor runs what blocks: a virtual thread each
   */
  public record Parts(
      ControlSettings settings,
      Clocks clocks,
      ResourceStore store,
      EventLog events,
      Images images,
      SandboxRuntimes runtimes,
      SnapshotStore snapshots,
      RemoteSnapshots remote,
      Calibrator calibrator,
      ColdStarts coldStarts,
      Metrics metrics,
      ScalingPolicies policies,
      RandomGenerator random,
      Claims claims,
      Consumer<Sandbox> pods,
      Executor executor) {}

  private final Parts parts;
  private final Mailbox mailbox;
  private final InstanceDirectory directory;
  private volatile @Nullable ControlLoop loop;
  private volatile boolean closed;
  private @Nullable Thread control;
  private List<Thread> watches = List.of();

  public ControlPlane(Parts parts) {
    this.parts = parts;
    this.mailbox = new Mailbox(parts.clocks().nanos());
    var logs = new LogFolder(parts.settings().logs(), parts.settings().logsPerRevision());
    this.directory = new InstanceDirectory(parts.runtimes().standard(), logs);
  }

  /** What the data plane must tell; usable at once, heard from {@link #start} on. */
  public DataPlaneListener listener() {
    return new LoopListener(mailbox, this::running);
  }

  private ControlLoop running() {
    ControlLoop running = loop;
    if (running == null) {
      throw new IllegalStateException("the control plane has not started");
    }
    return running;
  }

  public Instances instances() {
    return directory;
  }

  /**
   * Takes over what an earlier daemon left and begins to work. When it returns, the data plane
   * knows all routes and adopted instances.
   */
  public void start(DataPlane dataPlane) {
    directory.connect(dataPlane);
    if (!parts.snapshots().list().isEmpty()) {
      parts.runtimes().all().forEach(SandboxRuntime::expectRestores);
    }
    var started = new ControlLoop(parts, mailbox, directory, dataPlane, Prober.HOST);
    started.begin();
    loop = started;
    registerGauges();
    control = Thread.ofPlatform().name("control").start(() -> run(started));
    watches =
        Stream.concat(
                ControlLoop.KINDS.stream().map(kind -> follow(kind, started)),
                Stream.of(
                    follow(
                        ResourceKind.CONFIG_MAP,
                        _ -> mailbox.postOnce("config", started::reconfigure),
                        () -> mailbox.postOnce("config", started::reconfigure))))
            .toList();
  }

  private record Changed(ResourceKind kind, ObjectName name) {}

  private Thread follow(ResourceKind kind, ControlLoop running) {
    return follow(
        kind,
        event ->
            ControlLoop.news(kind, event)
                .ifPresent(
                    object ->
                        mailbox.postOnce(
                            new Changed(kind, ObjectName.of(object)),
                            () -> running.changed(kind, object))),
        () -> mailbox.postOnce("all", running::reconcileAll));
  }

  private Thread follow(
      ResourceKind kind, Consumer<ResourceStore.Event> changed, Runnable anythingChanged) {
    return Thread.ofVirtual()
        .name("control-watch-" + kind.resource())
        .start(new KindFollower(parts.store(), kind, changed, anythingChanged));
  }

  private void registerGauges() {
    parts.metrics().gauge("skep_instances", "Instances by state", "state", directory::counts);
  }

  private void run(ControlLoop work) {
    try {
      while (!closed) {
        work.awaitNext();
      }
    } catch (InterruptedException closing) {
      LOG.debug("control thread ends");
    }
  }

  /** Ends the work and what is starting; ready instances go on. */
  @Override
  public void close() {
    watches.forEach(ControlPlane::end);
    ControlLoop running = loop;
    if (running != null) {
      mailbox.post(
          () -> {
            running.cancelStarts();
            closed = true;
          });
      join(control);
      end(control);
      try {
        running.flush(FLUSH);
      } catch (InterruptedException hurry) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void end(@Nullable Thread thread) {
    if (thread == null) {
      return;
    }
    thread.interrupt();
    join(thread);
  }

  private static void join(@Nullable Thread thread) {
    if (thread == null) {
      return;
    }
    try {
      thread.join(JOIN_MILLIS);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
  }
}
