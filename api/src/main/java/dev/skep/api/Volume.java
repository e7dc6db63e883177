package dev.skep.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What a template can have mounted. */
public sealed interface Volume {
  /**
   * Files from elsewhere, read-only; a later source replaces what an earlier one has put there.
   *
   * @param mode of each file
   */
  record Files(List<Source> sources, int mode) implements Volume {
    /** Kubernetes' own. */
    static final int DEFAULT_MODE = 0644;

    public Files {
      sources = List.copyOf(sources);
    }
  }

  /**
   * Empty at first, and gone with the instance.
   *
   * @param sizeLimit in bytes
   */
  record Empty(OptionalLong sizeLimit) implements Volume {}

  /** A PersistentVolumeClaim of the namespace. */
  record Claim(String name, boolean readOnly) implements Volume {}

  /** Where files come from. */
  sealed interface Source {}

  /**
   * The keys of a ConfigMap or Secret.
   *
   * @param paths of the files by the keys that they hold; empty for a file for each key, named
   *     after it
   */
  record Keys(EnvSource.Reference from, Map<String, String> paths) implements Source {
    public Keys {
      paths = Map.copyOf(paths);
    }
  }

  /** What the instance knows of itself. */
  record Field(String path, InstanceField field) implements Source {}

  /**
   * A token of a service account.
   *
   * @param audience who it is for; empty for the API itself
   */
  record Token(String path, String account, Optional<String> audience, Duration lifetime)
      implements Source {}

  /** Written down in the template. */
  record Text(String path, String text) implements Source {}

  /** Whether two instances of one revision find something else there. */
  default boolean tellsInstances() {
    return this instanceof Files(List<Source> sources, _)
        && sources.stream()
            .anyMatch(
                source ->
                    source instanceof Token
                        || (source instanceof Field(_, InstanceField field)
                            && field.tellsInstances()));
  }
}
