package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.Prober;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.store.ResourceKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The life of pods: made, started, restarted with back-off, adopted, ended. A pod is in the store
 * before anything of it is on the host, and leaves it when nothing is any more. It belongs to the
 * workload thread.
 */
final class Pods {
  private static final Logger LOG = LoggerFactory.getLogger(Pods.class);
  private static final ResourceKind KIND = ResourceKind.POD;
  private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final String ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

  /** What a user has to mend is looked at again this often. */
  private static final Duration UNMENDED = Duration.ofSeconds(10);

  private final Wiring wiring;
  private final PodStarter starter;
  private final PodLogs logs;
  private final RandomGenerator random;
  private final Probing probing;
  private final Map<Pod.Key, Pod> pods = new LinkedHashMap<>();

  /** What other threads may ask for. */
  private final Map<Pod.Key, Sandbox> running = new ConcurrentHashMap<>();

  Pods(Wiring wiring, PodStarter starter, Prober prober, PodLogs logs, RandomGenerator random) {
    this.wiring = wiring;
    this.starter = starter;
    this.logs = logs;
    this.random = random;
    this.probing = new Probing(wiring, prober, this::readinessChanged, this::kill);
  }

  /** See {@link RunningPods}. From any thread. */
  Optional<Sandbox> running(String namespace, String pod) {
    return Optional.ofNullable(running.get(new Pod.Key(namespace, pod)));
  }

  Collection<Pod> all() {
    return List.copyOf(pods.values());
  }

  List<Pod> of(ApiObject deployment) {
    return pods.values().stream().filter(pod -> pod.owner.equals(deployment.uid())).toList();
  }

  /** Those of the store, with the sandboxes that run; then what has none is started again. */
  void restore(List<Sandbox> left) {
    for (ApiObject object : wiring.store().list(KIND, Optional.empty()).items()) {
      Pod pod = PodObjects.read(object);
      pods.put(pod.key, pod);
    }
    left.forEach(this::adopt);
    for (Pod pod : pods.values()) {
      if (pod.state == Pod.State.WAITING) {
        wiring.mailbox().post(() -> start(pod));
      }
    }
  }

  private void adopt(Sandbox sandbox) {
    Map<String, String> labels = sandbox.spec().labels();
    Optional<Pod> own =
        pods.values().stream()
            .filter(pod -> pod.uid.equals(labels.getOrDefault(PodStarter.UID, "")))
            .filter(pod -> pod.state == Pod.State.WAITING && isUsable(sandbox))
            .findFirst();
    if (own.isEmpty()) {
      LOG.info("stopping sandbox {}: no pod wants it", sandbox.id());
      wiring.executor().execute(() -> sandbox.stop(Duration.ZERO));
      return;
    }
    Pod pod = own.get();
    LOG.info("adopted sandbox {} of pod {}", sandbox.id(), pod.key);
    sandbox.resume();
    var attempt = new Pod.Attempt(sandbox.id());
    attempt.sandbox.set(sandbox);
    pod.attempt = Optional.of(attempt);
    boolean before = pod.ready || pod.template.readiness().isEmpty();
    runs(pod, attempt, sandbox, Instant.parse(labels.get(PodStarter.STARTED)));
    pod.ready = before;
  }

  private static boolean isUsable(Sandbox sandbox) {
    return switch (sandbox.state()) {
      case READY, PAUSED -> true;
      case CREATED, STARTING, STOPPED -> false;
    };
  }

  /** One more of a Deployment's template. */
  void create(ApiObject deployment, String hash) {
    ApiObject stored =
        wiring.store().create(KIND, PodObjects.of(deployment, hash, name(LETTERS, 5)));
    Pod pod = PodObjects.read(stored);
    pods.put(pod.key, pod);
    start(pod);
  }

  private String name(String letters, int length) {
    var name = new StringBuilder();
    for (int i = 0; i < length; i++) {
      name.append(letters.charAt(random.nextInt(letters.length())));
    }
    return name.toString();
  }

  private void start(Pod pod) {
    if (pod.state != Pod.State.WAITING) {
      return;
    }
    var attempt = new Pod.Attempt(name(ID_LETTERS, 10));
    pod.state = Pod.State.STARTING;
    pod.waiting = new Pod.Waiting("ContainerCreating", "");
    pod.attempt = Optional.of(attempt);
    report(pod);
    var order =
        new PodStarter.Order(
            pod.key,
            pod.uid,
            pod.template,
            attempt,
            logs.file(pod.key, pod.restarts),
            wiring.clocks().now());
    wiring
        .executor()
        .execute(
            () -> {
              StartOutcome outcome = starter.start(order);
              wiring.mailbox().post(() -> started(pod, attempt, outcome));
            });
  }

  private void started(Pod pod, Pod.Attempt attempt, StartOutcome outcome) {
    switch (outcome) {
      case StartOutcome.Ok(Sandbox sandbox) -> {
        if (pod.state == Pod.State.ENDING) {
          stop(pod, attempt);
        } else {
          runs(pod, attempt, sandbox, wiring.clocks().now());
          wiring.changed().run();
        }
      }
      case StartOutcome.Failed(StartFailure failure) -> {
        if (pod.state == Pod.State.ENDING) {
          gone(pod);
        } else {
          failed(pod, failure);
        }
      }
    }
  }

  private void runs(Pod pod, Pod.Attempt attempt, Sandbox sandbox, Instant since) {
    pod.state = Pod.State.RUNNING;
    running.put(pod.key, sandbox);
    pod.startedAt = since;
    pod.ready = pod.template.readiness().isEmpty();
    sandbox.onExit().thenAccept(exit -> wiring.mailbox().post(() -> exited(pod, attempt, exit)));
    probing.begin(pod, attempt, sandbox);
    report(pod);
  }

  private void readinessChanged(Pod pod, boolean ready) {
    pod.ready = ready;
    report(pod);
    wiring.changed().run();
  }

  /** Ends its process, so that it is started again. */
  private void kill(Pod pod, String why) {
    LOG.info("pod {}: {}", pod.key, why);
    pod.killed = Optional.of(why);
    pod.attempt
        .map(attempt -> attempt.sandbox.get())
        .ifPresent(sandbox -> wiring.executor().execute(() -> sandbox.stop(pod.template.grace())));
  }

  private void exited(Pod pod, Pod.Attempt attempt, Exit exit) {
    if (!pod.runs(attempt)) {
      return;
    }
    LOG.info("pod {} ended: {}", pod.key, exit.message());
    if (!wiring.clocks().now().isBefore(pod.startedAt.plus(Pod.SOUND))) {
      pod.backoff.succeeded();
    }
    String why = pod.killed.map(reason -> reason + "; ").orElse("");
    ended(pod, exit.code(), exit.outOfMemory(), why + exit.message(), exit.lastOutput());
  }

  private void ended(
      Pod pod, OptionalInt code, boolean outOfMemory, String message, List<String> output) {
    Instant now = wiring.clocks().now();
    boolean completed = code.isPresent() && code.getAsInt() == 0;
    String reason = outOfMemory ? "OOMKilled" : completed ? "Completed" : "Error";
    String all = output.isEmpty() ? message : message + "\n" + String.join("\n", output);
    pod.last = Optional.of(new Pod.Ending(code, reason, all, now));
    pod.killed = Optional.empty();
    pod.restarts++;
    logs.trim(pod.key, pod.restarts);
    pod.backoff.failed(now);
    Duration delay = untilNextTry(pod, now);
    retry(
        pod,
        new Pod.Waiting(
            "CrashLoopBackOff",
            "back-off %d s restarting failed container".formatted(delay.toSeconds())),
        delay);
  }

  private static Duration untilNextTry(Pod pod, Instant now) {
    Duration wait = Duration.between(now, pod.backoff.until());
    return wait.isNegative() ? Duration.ZERO : wait;
  }

  /** A start that has not led to a process, or to one that ended before it was ready. */
  private void failed(Pod pod, StartFailure failure) {
    LOG.info("start of pod {} failed: {}", pod.key, failure.message());
    Instant now = wiring.clocks().now();
    switch (failure.reason()) {
      case GUEST_EXIT, OUT_OF_MEMORY, PROBE_TIMEOUT ->
          ended(
              pod,
              failure.exitCode(),
              failure.reason() == Reason.OUT_OF_MEMORY,
              failure.message(),
              failure.lastOutput());
      case CONFIGURATION ->
          retry(pod, new Pod.Waiting("CreateContainerConfigError", failure.message()), UNMENDED);
      case IMAGE -> unmade(pod, "ImagePullBackOff", failure, now);
      case COMMAND_NOT_FOUND -> unmade(pod, "RunContainerError", failure, now);
      case RESOURCES, HOST, BOOT_TIMEOUT, CANCELLED ->
          unmade(pod, "CreateContainerError", failure, now);
    }
  }

  private void unmade(Pod pod, String reason, StartFailure failure, Instant now) {
    pod.backoff.failed(now);
    Duration delay = untilNextTry(pod, now);
    retry(
        pod,
        new Pod.Waiting(reason, failure.message()),
        delay.compareTo(UNMENDED) > 0 ? delay : UNMENDED);
  }

  private void retry(Pod pod, Pod.Waiting waiting, Duration delay) {
    pod.state = Pod.State.WAITING;
    running.remove(pod.key);
    pod.ready = false;
    pod.attempt = Optional.empty();
    pod.waiting = waiting;
    report(pod);
    wiring.mailbox().after(delay, () -> start(pod));
    wiring.changed().run();
  }

  /** Nobody is led to it from now on; it is told to end a moment later. */
  void end(Pod pod) {
    Pod.State before = pod.state;
    if (before == Pod.State.ENDING) {
      return;
    }
    pod.state = Pod.State.ENDING;
    report(pod);
    pod.attempt.ifPresent(attempt -> attempt.cancelled.set(before == Pod.State.STARTING));
    switch (before) {
      case WAITING -> wiring.mailbox().post(() -> gone(pod));
      case STARTING, RUNNING ->
          wiring.mailbox().post(() -> pod.attempt.ifPresent(attempt -> stop(pod, attempt)));
      case ENDING -> {}
    }
  }

  /** One that is starting tells of its end itself. */
  private void stop(Pod pod, Pod.Attempt attempt) {
    Sandbox sandbox = attempt.sandbox.get();
    if (sandbox == null) {
      return;
    }
    boolean starting = attempt.cancelled.get();
    wiring
        .executor()
        .execute(
            () -> {
              try {
                sandbox.stop(starting ? Duration.ZERO : pod.template.grace());
              } catch (RuntimeException e) {
                // The next daemon reclaims what is left of it.
                LOG.error("pod {} could not be stopped", pod.key, e);
              }
              if (!starting || sandbox.state() == Sandbox.State.STOPPED) {
                wiring.mailbox().post(() -> gone(pod));
              }
            });
  }

  private void gone(Pod pod) {
    if (!pods.remove(pod.key, pod)) {
      return;
    }
    running.remove(pod.key);
    try {
      wiring.store().delete(KIND, pod.key.namespace(), pod.key.name());
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
    logs.delete(pod.key);
    wiring.changed().run();
  }

  /** To the store, where it differs from what was written last. */
  private void report(Pod pod) {
    ObjectNode status = PodObjects.status(pod);
    if (Optional.of(status).equals(pod.reported)) {
      return;
    }
    try {
      Instant now = wiring.clocks().now();
      wiring
          .store()
          .updateStatus(
              KIND,
              pod.key.namespace(),
              pod.key.name(),
              before -> Conditions.withTimes(status, before, now));
      pod.reported = Optional.of(status);
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        LOG.warn("the status of pod {} was not written, and is at the next resync", pod.key, e);
      }
    }
  }

  /** Writes what could not be written before, and ends those that were deleted. */
  void resync() {
    for (Pod pod : all()) {
      boolean deleted =
          wiring
              .store()
              .get(KIND, pod.key.namespace(), pod.key.name())
              .filter(object -> object.uid().equals(pod.uid))
              .isEmpty();
      if (deleted) {
        end(pod);
      } else {
        report(pod);
      }
    }
  }

  /** Ends what is starting: the next daemon could not adopt it. */
  void cancelStarts() {
    for (Pod pod : pods.values()) {
      if (pod.state == Pod.State.STARTING) {
        pod.attempt.ifPresent(
            attempt -> {
              attempt.cancelled.set(true);
              Optional.ofNullable(attempt.sandbox.get())
                  .ifPresent(
                      sandbox -> wiring.executor().execute(() -> sandbox.stop(Duration.ZERO)));
            });
      }
    }
  }
}
