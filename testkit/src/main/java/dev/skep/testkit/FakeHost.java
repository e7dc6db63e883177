package dev.skep.testkit;

import dev.skep.sandbox.Sandbox;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The machine under fake runtimes: it keeps the sandboxes when a runtime is closed, so that the
 * next one can adopt them.
 */
public final class FakeHost {
  private final Map<String, FakeSandbox> sandboxes = new ConcurrentHashMap<>();

  void add(FakeSandbox sandbox) {
    if (sandboxes.putIfAbsent(sandbox.id(), sandbox) != null) {
      throw new IllegalStateException("sandbox id " + sandbox.id() + " is in use on this host");
    }
  }

  void remove(FakeSandbox sandbox) {
    sandboxes.remove(sandbox.id(), sandbox);
  }

  /** Everything that exists now, in any state. */
  public List<FakeSandbox> sandboxes() {
    return List.copyOf(sandboxes.values());
  }

  public Optional<FakeSandbox> find(String id) {
    return Optional.ofNullable(sandboxes.get(id));
  }

  List<Sandbox> adoptable() {
    sandboxes().stream()
        .filter(sandbox -> !sandbox.running())
        .forEach(sandbox -> sandbox.die("left half-started by an earlier daemon"));
    return List.copyOf(sandboxes.values());
  }
}
