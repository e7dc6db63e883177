package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.DeploymentSpec;
import dev.skep.api.SkepException;
import dev.skep.control.Mailbox;
import dev.skep.control.Prober;
import dev.skep.host.ServiceTable;
import dev.skep.sandbox.Sandbox;
import dev.skep.store.ResourceKind;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The workload plane without its thread: whoever calls {@link #runNext} owns all its state. Level
 * triggered: whatever made it look, it compares all that there is.
 */
final class WorkloadLoop {
  private static final Logger LOG = LoggerFactory.getLogger(WorkloadLoop.class);
  private static final Duration RESYNC = Duration.ofSeconds(30);

  /**
   * How far a Deployment has come.
   *
   * @param since when it came that far
   */
  private record Progress(String hash, long ready, Instant since) {}

  private final Mailbox mailbox;
  private final Wiring wiring;
  private final Workloads.Parts parts;
  private final Pods pods;
  private final ClaimFolders claims;
  private final Map<String, Progress> progress = new HashMap<>();
  private @Nullable ServiceTable published;

  /** What {@link #names} and {@link #ports} give; replaced as a whole. */
  private volatile ServiceRoutes routes = ServiceRoutes.of(List.of(), List.of());

  WorkloadLoop(Workloads.Parts parts, Mailbox mailbox, PodLogs logs, Prober prober) {
    this.parts = parts;
    this.mailbox = mailbox;
    this.wiring =
        new Wiring(parts.clocks(), mailbox, parts.store(), parts.executor(), this::changed);
    this.claims = new ClaimFolders(wiring, parts.volumes());
    var starter =
        new PodStarter(
            parts.store(),
            parts.images(),
            parts.runtimes(),
            parts.volumes(),
            parts.clocks().nanos(),
            parts.startsAtOnce());
    this.pods = new Pods(wiring, starter, prober, logs, parts.random());
  }

  /** Takes over what an earlier daemon left, then compares everything once. */
  void begin(List<Sandbox> left) {
    pods.restore(left);
    reconcile();
    planResync();
  }

  private void planResync() {
    mailbox.after(
        RESYNC,
        () -> {
          reconcile();
          planResync();
        });
  }

  /** From any thread. */
  void changed() {
    mailbox.postOnce("reconcile", this::reconcile);
  }

  /** Full names of Services, and their addresses. From any thread. */
  Map<String, List<Inet4Address>> names() {
    return routes.names();
  }

  /** Full names of their ports, and where these lead to. From any thread. */
  Map<String, List<InetSocketAddress>> ports() {
    return routes.ports();
  }

  /** See {@link Pods#running}. */
  Optional<Sandbox> running(String namespace, String pod) {
    return pods.running(namespace, pod);
  }

  private void reconcile() {
    pods.resync();
    claims.reconcile();
    var owners = new HashSet<String>();
    List<ApiObject> deployments = list(ResourceKind.DEPLOYMENT);
    for (ApiObject deployment : deployments) {
      owners.add(deployment.uid());
      reconcile(deployment);
    }
    pods.all().stream().filter(pod -> !owners.contains(pod.owner)).forEach(pods::end);
    progress.keySet().retainAll(owners);
    publish();
    deployments.forEach(this::report);
  }

  private List<ApiObject> list(ResourceKind kind) {
    return List.copyOf(parts.store().list(kind, Optional.empty()).items());
  }

  private void reconcile(ApiObject deployment) {
    String hash = PodObjects.hash(deployment.spec().path("template"));
    Map<String, Pod> own = new HashMap<>();
    pods.of(deployment).forEach(pod -> own.put(pod.key.name(), pod));
    List<Rollout.Member> members =
        own.values().stream()
            .map(
                pod ->
                    new Rollout.Member(
                        pod.key.name(),
                        pod.hash.equals(hash),
                        DeploymentStatus.isReady(pod),
                        pod.state == Pod.State.ENDING,
                        pod.createdAt))
            .toList();
    Rollout next = Rollout.plan(DeploymentSpec.of(deployment), members);
    next.end().forEach(name -> Optional.ofNullable(own.get(name)).ifPresent(pods::end));
    for (int i = 0; i < next.create(); i++) {
      pods.create(deployment, hash);
    }
  }

  /** What cannot be done is tried again at the next resync. */
  private void publish() {
    ServiceRoutes now = ServiceRoutes.of(list(ResourceKind.SERVICE), pods.all());
    routes = now;
    if (now.table().equals(published)) {
      return;
    }
    try {
      parts.network().publish(now.table());
      published = now.table();
    } catch (SkepException e) {
      LOG.error("the addresses of services could not be changed", e);
    }
  }

  private void report(ApiObject deployment) {
    DeploymentSpec spec = DeploymentSpec.of(deployment);
    String hash = PodObjects.hash(deployment.spec().path("template"));
    List<Pod> own = pods.of(deployment);
    boolean late = isLate(deployment, spec, hash, own);
    ObjectNode status = DeploymentStatus.of(deployment, spec, hash, own, late);
    Instant now = parts.clocks().now();
    try {
      parts
          .store()
          .updateStatus(
              ResourceKind.DEPLOYMENT,
              deployment.namespace(),
              deployment.name(),
              before -> Conditions.withTimes(status, before, now));
    } catch (SkepException e) {
      LOG.info(
          "the status of deployment {} was not written: {}", deployment.name(), e.getMessage());
    }
  }

  private boolean isLate(ApiObject deployment, DeploymentSpec spec, String hash, List<Pod> own) {
    Instant now = parts.clocks().now();
    long ready =
        own.stream().filter(pod -> pod.hash.equals(hash) && DeploymentStatus.isReady(pod)).count();
    Progress before = progress.get(deployment.uid());
    if (before == null
        || !before.hash().equals(hash)
        || ready > before.ready()
        || DeploymentStatus.isComplete(spec, hash, own)) {
      progress.put(deployment.uid(), new Progress(hash, ready, now));
      return false;
    }
    return now.isAfter(before.since().plus(spec.progressDeadline()));
  }

  /** Does the next thing that is due; false when there was none. */
  boolean runNext() {
    return mailbox.runNext();
  }

  /** As {@link #runNext}, but waits for it. */
  void awaitNext() throws InterruptedException {
    mailbox.awaitNext();
  }

  void cancelStarts() {
    pods.cancelStarts();
  }
}
