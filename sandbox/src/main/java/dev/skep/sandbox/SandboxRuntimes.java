package dev.skep.sandbox;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The runtimes of a host, by the kind of sandbox that they make. */
public final class SandboxRuntimes {
  private final Map<String, SandboxRuntime> byKind = new LinkedHashMap<>();
  private final String standard;

  /**
   * @param standard kind of those that ask for none
   */
  public SandboxRuntimes(List<SandboxRuntime> runtimes, String standard) {
    runtimes.forEach(runtime -> byKind.put(runtime.kind(), runtime));
    this.standard = standard;
  }

  /** The only one there is. */
  public static SandboxRuntimes only(SandboxRuntime runtime) {
    return new SandboxRuntimes(List.of(runtime), runtime.kind());
  }

  /** Empty where this host has none of the kind. */
  public Optional<SandboxRuntime> find(String kind) {
    return Optional.ofNullable(byKind.get(kind));
  }

  public String standard() {
    return standard;
  }

  /** In the order in which they were given. */
  public List<SandboxRuntime> all() {
    return List.copyOf(byKind.values());
  }

  public List<String> kinds() {
    return List.copyOf(byKind.keySet());
  }
}
