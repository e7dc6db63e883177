package dev.skep.workload;

import dev.skep.api.InstanceField;
import dev.skep.api.PodTemplate;
import dev.skep.api.Probe;
import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.control.Addresses;
import dev.skep.control.CancellableStart;
import dev.skep.control.Claims;
import dev.skep.control.Configuration;
import dev.skep.control.Environment;
import dev.skep.control.HostName;
import dev.skep.control.MountedVolumes;
import dev.skep.control.Processes;
import dev.skep.control.SandboxSpecs;
import dev.skep.image.Image;
import dev.skep.image.Images;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.store.ResourceStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the sandbox of one pod, blocking. Safe for use by several threads. */
final class PodStarter {
  private static final Logger LOG = LoggerFactory.getLogger(PodStarter.class);

  static final String UID = "skep.dev/pod-uid";
  static final String STARTED = "skep.dev/created";

  private static final String MICRO_VM = SkepAnnotations.KINDS.getFirst();
  private static final int LONGEST_HOSTNAME = 63;

  /** For the start of a process that nobody asks anything. */
  private static final Duration START = Duration.ofMinutes(2);

  /** For one that is asked by our own rule, not by a probe of its own: as Kubernetes, patient. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** A start's wishes, taken from the pod on the workload thread. */
  record Order(
      Pod.Key pod, String uid, PodTemplate template, Pod.Attempt attempt, Path log, Instant now) {}

  private final ResourceStore store;
  private final Images images;
  private final SandboxRuntimes runtimes;
  private final Claims claims;
  private final LongSupplier nanos;
  private final String node = HostName.here();
  private final Semaphore places;

  PodStarter(
      ResourceStore store,
      Images images,
      SandboxRuntimes runtimes,
      Claims claims,
      LongSupplier nanos,
      int startsAtOnce) {
    this.store = store;
    this.images = images;
    this.runtimes = runtimes;
    this.claims = claims;
    this.nanos = nanos;
    this.places = new Semaphore(startsAtOnce);
  }

  /** Never throws: what goes wrong is a failed start. */
  StartOutcome start(Order order) {
    try {
      places.acquire();
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      return failed(Reason.CANCELLED, "the daemon is closing");
    }
    try {
      return attempt(order);
    } catch (SkepException e) {
      return failed(Reason.IMAGE, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("start of pod {} broke", order.pod(), e);
      return failed(Reason.HOST, "the host could not start the pod: " + e);
    } finally {
      places.release();
    }
  }

  private StartOutcome attempt(Order order) {
    PodTemplate template = order.template();
    String kind = template.sandbox().orElse(runtimes.standard());
    Optional<SandboxRuntime> runtime = runtimes.find(kind);
    if (runtime.isEmpty()) {
      return failed(Reason.CONFIGURATION, SandboxSpecs.noRuntime(kind, runtimes.kinds()));
    }
    InstanceField.Instance self = self(order);
    var configuration = new Configuration(order.pod().namespace(), store);
    Environment environment = Environment.of(template.env(), self, configuration);
    MountedVolumes volumes = MountedVolumes.of(template.mounts(), self, configuration, claims);
    List<String> problems = problems(kind, environment, volumes);
    if (!problems.isEmpty()) {
      return failed(Reason.CONFIGURATION, String.join("; ", problems));
    }
    Image image = images.ensure(template.image(), Images.Progress.NONE);
    Optional<ProcessSpec> process =
        Processes.merge(image.config(), wishes(template), environment.variables());
    if (process.isEmpty()) {
      return failed(
          Reason.CONFIGURATION,
          "image %s has neither entrypoint nor cmd, and the container names no command (expected: one of them)"
              .formatted(template.image()));
    }
    prepare(order.log());
    SandboxSpec spec = spec(order, kind, image, process.get()).withMounts(volumes.mounts());
    return new CancellableStart(order.attempt().sandbox, order.attempt().cancelled)
        .run(runtime.get(), spec, new StartPlan.Boot(), new PhaseRecorder(nanos));
  }

  private InstanceField.Instance self(Order order) {
    PodTemplate template = order.template();
    return new InstanceField.Instance(
        order.pod().name(),
        order.pod().namespace(),
        order.uid(),
        node,
        template.labels(),
        template.annotations());
  }

  private static List<String> problems(
      String kind, Environment environment, MountedVolumes volumes) {
    var problems = new ArrayList<>(environment.problems());
    problems.addAll(volumes.problems());
    boolean folders = volumes.mounts().stream().anyMatch(Mount.Folder.class::isInstance);
    if (folders && kind.equals(MICRO_VM)) {
      problems.add(
          "a microVM cannot have a PersistentVolumeClaim, which is a folder of the host (expected: runtimeClassName gvisor or container)");
    }
    return problems.stream().distinct().toList();
  }

  private static Processes.Wishes wishes(PodTemplate template) {
    return new Processes.Wishes(
        template.command(), template.args(), template.workingDir(), template.user());
  }

  private static void prepare(Path log) {
    try {
      Files.createDirectories(log.getParent());
      // a container that says nothing has a log all the same: it is the newest one
      Files.write(log, new byte[0], StandardOpenOption.CREATE);
    } catch (IOException e) {
      throw new UncheckedIOException("folder for the log " + log + ": " + e.getMessage(), e);
    }
  }

  private static SandboxSpec spec(Order order, String kind, Image image, ProcessSpec process) {
    PodTemplate template = order.template();
    String name = order.pod().name();
    Probe asked = asked(template);
    return new SandboxSpec(
        order.attempt().id,
        name.substring(Math.max(0, name.length() - LONGEST_HOSTNAME)).replaceAll("^[-.]+", ""),
        Map.of(
            SkepAnnotations.SANDBOX,
            kind,
            SandboxSpecs.POD,
            name,
            "skep.dev/namespace",
            order.pod().namespace(),
            UID,
            order.uid(),
            STARTED,
            order.now().toString()),
        image.erofs(),
        image.digest(),
        process,
        template.resources(),
        port(template).orElse(0),
        asked,
        patience(template, asked),
        NetworkPolicy.DEFAULT,
        order.log(),
        Addresses.searchDomains(order.pod().namespace()),
        List.of());
  }

  private static Optional<Integer> port(PodTemplate template) {
    return template.ports().stream()
        .filter(port -> port.transport() == PodTemplate.Transport.TCP)
        .map(PodTemplate.Port::number)
        .findFirst();
  }

  /**
   * What the start waits for: its startup probe. A pod without any probe that names a TCP port has
   * started once that takes connections, as a function has; any other once its process runs.
   */
  private static Probe asked(PodTemplate template) {
    boolean silent = template.readiness().isEmpty() && port(template).isPresent();
    return template.startup().orElseGet(() -> silent ? Probe.onPort() : Probe.none());
  }

  private static Duration patience(PodTemplate template, Probe asked) {
    return template
        .startup()
        .map(
            probe ->
                probe
                    .initialDelay()
                    .plus(probe.period().multipliedBy(probe.failureThreshold()))
                    .plus(probe.timeout()))
        .orElse(asked.check() instanceof Probe.None ? START : PATIENCE);
  }

  private static StartOutcome failed(Reason reason, String message) {
    return new StartOutcome.Failed(StartFailure.of(reason, message));
  }
}
