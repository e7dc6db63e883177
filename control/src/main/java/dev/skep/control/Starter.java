package dev.skep.control;

import dev.skep.api.InstanceField;
import dev.skep.api.RevisionSpec;
import dev.skep.api.SkepException;
import dev.skep.image.Image;
import dev.skep.image.Images;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.store.ResourceStore;
import java.nio.file.Files;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts one instance, blocking; everything that the start needs was decided before. */
final class Starter {
  private static final Logger LOG = LoggerFactory.getLogger(Starter.class);

  /**
   * A start's wishes, taken from the revision on the control thread.
   *
   * @param image that the revision is bound to
   * @param digest of the image that it was bound to before a restart; empty if unknown
   */
  record Order(Instance instance, Optional<Image> image, String digest) {}

  private final ResourceStore store;
  private final SandboxRuntimes runtimes;
  private final Images images;
  private final Snapshots snapshots;
  private final LogFolder logs;
  private final Claims claims;
  private final String node;
  private final ProgressDeadline deadline;

  /**
   * @param node name of this host
   */
  Starter(
      ResourceStore store,
      SandboxRuntimes runtimes,
      Images images,
      Snapshots snapshots,
      LogFolder logs,
      Claims claims,
      String node,
      ProgressDeadline deadline) {
    this.store = store;
    this.runtimes = runtimes;
    this.images = images;
    this.snapshots = snapshots;
    this.logs = logs;
    this.claims = claims;
    this.node = node;
    this.deadline = deadline;
  }

  /** Never throws: what goes wrong is a failed start. */
  StartOutcome start(Order order) {
    StartOutcome outcome = attempt(order);
    if (outcome instanceof StartOutcome.Failed) {
      order.instance().planned.release();
    }
    return outcome;
  }

  private StartOutcome attempt(Order order) {
    Instance instance = order.instance();
    try {
      Image image = image(order);
      RevisionSpec wishes = instance.revision.spec;
      var configuration = new Configuration(instance.revision.key().namespace(), store);
      InstanceField.Instance self = SandboxSpecs.self(instance, node);
      Environment environment = Environment.of(wishes.env(), self, configuration);
      MountedVolumes volumes = MountedVolumes.of(wishes.mounts(), self, configuration, claims);
      if (!environment.problems().isEmpty() || !volumes.problems().isEmpty()) {
        return failed(Reason.CONFIGURATION, problems(environment, volumes));
      }
      Optional<ProcessSpec> process =
          SandboxSpecs.process(instance.revision, image, environment.variables());
      if (process.isEmpty()) {
        return new StartOutcome.Failed(SandboxSpecs.noCommand(instance.revision));
      }
      logs.prepare(instance.revision.key());
      var log = logs.file(instance.revision.key(), instance.id);
      String kind = instance.revision.spec.sandbox().orElse(runtimes.standard());
      Optional<SandboxRuntime> runtime = runtimes.find(kind);
      if (runtime.isEmpty()) {
        return failed(Reason.CONFIGURATION, SandboxSpecs.noRuntime(kind, runtimes.kinds()));
      }
      return run(
          runtime.get(),
          instance,
          SandboxSpecs.of(
              instance, kind, image, process.get(), volumes.mounts(), deadline.now(), log));
    } catch (SkepException e) {
      return failed(Reason.IMAGE, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("start of instance {} of {} broke", instance.id, instance.revision.key(), e);
      return failed(Reason.HOST, "the host could not start the instance: " + e);
    }
  }

  private static String problems(Environment environment, MountedVolumes volumes) {
    return Stream.concat(environment.problems().stream(), volumes.problems().stream())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  private Image image(Order order) {
    if (order.image().isPresent() && Files.exists(order.image().get().erofs())) {
      return order.image().get();
    }
    order.instance().phases.enter(Phase.IMAGE_FETCH);
    return images.list().stream()
        .filter(image -> image.digest().equals(order.digest()))
        .findFirst()
        .orElseGet(
            () -> images.ensure(order.instance().revision.spec.image(), Images.Progress.NONE));
  }

  /** A restore that fails is no failed start: the instance is booted instead. */
  private StartOutcome run(SandboxRuntime runtime, Instance instance, SandboxSpec spec) {
    instance.phases.enter(Phase.SNAPSHOT_FIND);
    Snapshots.Planned planned = snapshots.plan(runtime, spec, instance.revision.snapshots);
    instance.planned = planned;
    if (planned.lease().isPresent()) {
      LOG.info("instance {} is restored, {}: {}", instance.id, planned.kind(), planned.reason());
    }
    StartOutcome outcome = run(runtime, instance, spec, planned.plan());
    if (planned.lease().isPresent()
        && outcome instanceof StartOutcome.Failed(StartFailure why)
        && why.reason() != Reason.CANCELLED) {
      LOG.warn("instance {} is booted: its restore failed: {}", instance.id, why.message());
      snapshots.failed(planned, why);
      instance.planned = Snapshots.Planned.boot("the restore failed: " + why.message());
      return run(runtime, instance, spec, instance.planned.plan());
    }
    return outcome;
  }

  private static StartOutcome run(
      SandboxRuntime runtime, Instance instance, SandboxSpec spec, StartPlan plan) {
    return new CancellableStart(instance.sandbox, instance.cancelled)
        .run(runtime, spec, plan, instance.phases);
  }

  private static StartOutcome failed(Reason reason, String message) {
    return new StartOutcome.Failed(StartFailure.of(reason, message));
  }
}
