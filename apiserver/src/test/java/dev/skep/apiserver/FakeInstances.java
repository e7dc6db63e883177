package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.InstanceView;
import dev.skep.control.Instances;
import dev.skep.control.ScalingView;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Stats;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.node.ObjectNode;

/** Instances that echo what is executed in them. */
final class FakeInstances implements Instances {
  final List<InstanceView> views = new CopyOnWriteArrayList<>();
  final Map<String, Path> logs = new ConcurrentHashMap<>();

  void add(String name, String service, String state) {
    add(name, service, state, "10.0.0.2:8080");
  }

  void add(String name, String service, String state, String address) {
    views.removeIf(view -> view.name().equals(name));
    views.add(
        new InstanceView(
            name,
            "default",
            service,
            service + "-00001",
            state,
            "microvm",
            Optional.of(address),
            Instant.EPOCH,
            Optional.empty(),
            0,
            "start-1"));
  }

  @Override
  public List<InstanceView> list() {
    return List.copyOf(views);
  }

  @Override
  public Optional<InstanceView> find(String instance) {
    return views.stream().filter(view -> view.name().equals(instance)).findFirst();
  }

  @Override
  public List<ApiObject> pods() {
    return views.stream().map(FakeInstances::pod).toList();
  }

  private static ApiObject pod(InstanceView view) {
    ObjectNode pod = ApiJson.object().put("apiVersion", "v1").put("kind", "Pod");
    pod.putObject("metadata")
        .put("namespace", view.namespace())
        .put("name", "pod-" + view.name())
        .putObject("labels")
        .put("app", view.revision());
    pod.putObject("spec").putArray("containers").addObject().put("name", "user-container");
    pod.putObject("status").put("phase", "Running");
    return new ApiObject(pod);
  }

  @Override
  public Optional<String> ofPod(String namespace, String pod) {
    return views.stream()
        .map(InstanceView::name)
        .filter(name -> pod.equals("pod-" + name))
        .findFirst();
  }

  @Override
  public List<ScalingView> scaling() {
    return views.stream()
        .map(
            view ->
                new ScalingView(
                    view.namespace(),
                    view.service(),
                    view.revision(),
                    "kpa.autoscaling.knative.dev",
                    "",
                    1,
                    1,
                    "LOAD",
                    "one waits",
                    Instant.EPOCH,
                    Instant.EPOCH))
        .distinct()
        .toList();
  }

  @Override
  public Optional<ScalingView> scaling(RevisionKey revision) {
    return scaling().stream()
        .filter(view -> view.namespace().equals(revision.namespace()))
        .filter(view -> view.revision().equals(revision.name()))
        .findFirst();
  }

  @Override
  public Optional<Path> logFile(String instance) {
    return Optional.ofNullable(logs.get(instance));
  }

  @Override
  public Optional<PagedMemory> pagedMemory(String instance) {
    return find(instance)
        .map(_ -> new PagedMemory(3, 4096, Duration.ofMillis(1), Duration.ofMillis(2), 1));
  }

  @Override
  public Optional<Stats> stats(String instance) {
    return find(instance).map(_ -> new Stats(Duration.ofMillis(5), 1 << 20, 2 << 20));
  }

  @Override
  public ExecResult exec(String instance, List<String> argv, byte[] stdin, Duration timeout) {
    if (find(instance).filter(view -> view.state().equals("ready")).isEmpty()) {
      throw new SkepException(Code.NOT_FOUND, "instance \"" + instance + "\" is not running");
    }
    return new ExecResult(3, String.join(" ", argv).getBytes(StandardCharsets.UTF_8), stdin);
  }
}
