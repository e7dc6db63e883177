package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.policy.Decision;
import dev.skep.policy.Observation;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.Stats;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The instances as other threads may see them: the control thread replaces immutable entries. */
final class InstanceDirectory implements Instances {
  private static final int STOPPED_KEPT = 100;

  private record Entry(
      InstanceView view,
      Revision.Identity revision,
      InstancePod pod,
      @Nullable Sandbox sandbox,
      Path log) {
    boolean stopped() {
      return view.state().equals("stopped");
    }
  }

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private final Map<RevisionKey, ScalingView> decisions = new ConcurrentHashMap<>();

  /** Touched by the control thread alone. */
  private final Deque<String> stopped = new ArrayDeque<>();

  private final String standard;
  private final LogFolder logs;
  private volatile @Nullable DataPlane dataPlane;

  InstanceDirectory(String standard, LogFolder logs) {
    this.standard = standard;
    this.logs = logs;
  }

  void connect(DataPlane plane) {
    this.dataPlane = plane;
  }

  void update(Instance instance) {
    entries.put(instance.id, entry(instance));
    if (instance.state == Instance.State.STOPPED) {
      stopped.addLast(instance.id);
      if (stopped.size() > STOPPED_KEPT) {
        entries.remove(stopped.removeFirst());
      }
    }
  }

  /**
   * What was decided about a revision.
   *
   * @param wanted instances that it is to have, whatever the policy alone says
   */
  void decided(Revision revision, Observation seen, Decision decision, int wanted) {
    decisions.merge(
        revision.key(),
        new ScalingView(
            revision.key().namespace(),
            revision.identity.application(),
            revision.key().name(),
            revision.scaler.policy(),
            revision.scaler.problem().orElse(""),
            wanted,
            seen.ready(),
            decision.reason().name(),
            decision.why(),
            seen.now(),
            seen.now()),
        InstanceDirectory::after);
  }

  private static ScalingView after(ScalingView before, ScalingView now) {
    return before.activity().equals(now.activity()) ? now.since(before.changedAt()) : now;
  }

  void forget(RevisionKey revision) {
    decisions.remove(revision);
  }

  @Override
  public List<ScalingView> scaling() {
    return decisions.values().stream()
        .sorted(Comparator.comparing(ScalingView::namespace).thenComparing(ScalingView::revision))
        .toList();
  }

  @Override
  public Optional<ScalingView> scaling(RevisionKey revision) {
    return Optional.ofNullable(decisions.get(revision));
  }

  private Entry entry(Instance instance) {
    boolean gone = instance.state == Instance.State.STOPPED;
    Sandbox sandbox = gone ? null : instance.sandbox.get();
    Optional<String> address =
        instance.state == Instance.State.READY
            ? Optional.ofNullable(sandbox).map(Sandbox::endpoint).map(InstanceDirectory::text)
            : Optional.empty();
    Revision.Identity revision = instance.revision.identity;
    var view =
        new InstanceView(
            instance.id,
            revision.key().namespace(),
            revision.application(),
            revision.key().name(),
            stateName(instance.state),
            instance.revision.spec.sandbox().orElse(standard),
            address,
            instance.createdAt,
            instance.readyAt.equals(Instant.MIN) ? Optional.empty() : Optional.of(instance.readyAt),
            0,
            instance.startId);
    Path log = logs.file(revision.key(), instance.id);
    return new Entry(view, revision, InstancePod.of(instance, view), sandbox, log);
  }

  private static String text(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  private static String stateName(Instance.State state) {
    return switch (state) {
      case QUEUED, STARTING -> "starting";
      case READY, DRAINING, STOPPED -> state.name().toLowerCase(Locale.ROOT);
      case STOPPING -> "draining";
    };
  }

  /** The names of all that have not stopped. */
  Set<String> alive() {
    return entries.values().stream()
        .filter(entry -> !entry.stopped())
        .map(entry -> entry.view().name())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** How many instances are in each state, for metrics. */
  Map<String, Integer> counts() {
    return entries.values().stream()
        .map(entry -> entry.view().state())
        .filter(state -> !state.equals("stopped"))
        .collect(Collectors.toMap(state -> state, _ -> 1, Integer::sum));
  }

  @Override
  public List<InstanceView> list() {
    return entries.values().stream()
        .map(this::counted)
        .sorted(
            Comparator.comparing(InstanceView::createdAt)
                .reversed()
                .thenComparing(InstanceView::name))
        .toList();
  }

  /** Of a pod that is being restarted there may be two: the old one ends. */
  private Stream<InstancePod> alivePods() {
    return entries.values().stream()
        .filter(entry -> !entry.stopped())
        .map(Entry::pod)
        .collect(Collectors.toMap(InstanceDirectory::key, pod -> pod, InstanceDirectory::later))
        .values()
        .stream();
  }

  private static String key(InstancePod pod) {
    return pod.view().namespace() + "/" + pod.name();
  }

  private static InstancePod later(InstancePod one, InstancePod other) {
    return one.pod().restarts() > other.pod().restarts() ? one : other;
  }

  @Override
  public List<ApiObject> pods() {
    return alivePods().map(InstancePod::object).toList();
  }

  @Override
  public Optional<String> ofPod(String namespace, String pod) {
    return alivePods()
        .filter(each -> each.view().namespace().equals(namespace) && each.name().equals(pod))
        .map(each -> each.view().name())
        .findFirst();
  }

  @Override
  public Optional<InstanceView> find(String instance) {
    return Optional.ofNullable(entries.get(instance)).map(this::counted);
  }

  private InstanceView counted(Entry entry) {
    InstanceView view = entry.view();
    DataPlane plane = dataPlane;
    int inFlight =
        plane == null || entry.sandbox() == null
            ? 0
            : plane.inFlight(entry.revision().key(), view.name());
    return new InstanceView(
        view.name(),
        view.namespace(),
        view.service(),
        view.revision(),
        view.state(),
        view.sandbox(),
        view.address(),
        view.createdAt(),
        view.readyAt(),
        inFlight,
        view.startId());
  }

  @Override
  public Optional<Path> logFile(String instance) {
    return Optional.ofNullable(entries.get(instance)).map(Entry::log);
  }

  @Override
  public Optional<Stats> stats(String instance) {
    return running(instance).map(Sandbox::stats);
  }

  @Override
  public Optional<PagedMemory> pagedMemory(String instance) {
    return running(instance).flatMap(Sandbox::pagedMemory);
  }

  @Override
  public ExecResult exec(String instance, List<String> argv, byte[] stdin, Duration timeout) {
    Sandbox sandbox =
        running(instance)
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.NOT_FOUND,
                        "instance %s is not running (expected: a name of 'skep ls')"
                            .formatted(instance)));
    return sandbox.exec(argv, stdin, timeout);
  }

  private Optional<Sandbox> running(String instance) {
    return Optional.ofNullable(entries.get(instance))
        .map(Entry::sandbox)
        .filter(sandbox -> sandbox.state() == Sandbox.State.READY);
  }
}
