package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Objects that a user has written down, and how they get to the daemon: all or none. */
final class Manifests {
  private static final int CONFLICT_BUDGET = 5;

  /** What was done with one. */
  record Applied(ObjectKind kind, Json object, boolean created, boolean changed) {
    String summary() {
      String did = created ? "created" : changed ? "configured" : "unchanged";
      return kind.resource() + "/" + Services.name(object) + " " + did;
    }
  }

  private Manifests() {}

  /**
   * All documents of a file, in the order in which they are best created.
   *
   * @param file {@code -} is standard input
   * @param namespace in place of the documents' own
   */
  static List<Json> read(Path file, @Nullable String namespace) throws IOException {
    byte[] text = file.toString().equals("-") ? System.in.readAllBytes() : bytes(file);
    List<Json> documents;
    try {
      documents = JsonText.readYaml(text);
    } catch (tools.jackson.core.JacksonException e) {
      throw new SkepException(Code.INVALID, file + ": not YAML: " + e.getOriginalMessage(), e);
    }
    if (documents.isEmpty()) {
      throw new SkepException(
          Code.INVALID, file + ": holds no object (expected: at least one manifest)");
    }
    documents.forEach(document -> place(document, file, namespace));
    checkKinds(documents, file);
    return documents.stream()
        .sorted(Comparator.comparing(document -> ObjectKind.of(document).orElseThrow()))
        .toList();
  }

  private static byte[] bytes(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new SkepException(Code.INVALID, file + ": cannot be read (expected: a manifest)");
    }
    return Files.readAllBytes(file);
  }

  private static void place(Json manifest, Path file, @Nullable String namespace) {
    if (!(manifest.value() instanceof Map)) {
      throw new SkepException(Code.INVALID, file + ": '" + manifest.text() + "' is not an object");
    }
    if (manifest.at("metadata").isMissing()) {
      manifest.set("metadata", Json.object());
    }
    Json metadata = manifest.at("metadata");
    if (namespace != null) {
      metadata.set("namespace", namespace);
    } else if (metadata.at("namespace").isMissing()) {
      metadata.set("namespace", "default");
    }
  }

  private static void checkKinds(List<Json> documents, Path file) {
    List<String> unknown =
        documents.stream()
            .filter(document -> ObjectKind.of(document).isEmpty())
            .map(
                document ->
                    "%s %s \"%s\""
                        .formatted(
                            document.at("apiVersion").text(),
                            document.at("kind").text(),
                            Services.name(document)))
            .toList();
    if (!unknown.isEmpty()) {
      throw new SkepException(
          Code.INVALID,
          "%s: not served: %s (expected: %s); nothing was applied"
              .formatted(file, String.join(", ", unknown), ObjectKind.names()));
    }
  }

  /** Has the daemon check them all; fails with all that is wrong, and nothing is changed. */
  static void check(ApiClient api, List<Json> manifests) {
    var problems = new ArrayList<String>();
    for (Json manifest : manifests) {
      try {
        send(api, manifest, "?dryRun=All&fieldValidation=Strict");
      } catch (SkepException e) {
        if (e.code() == Code.UNAVAILABLE) {
          throw e;
        }
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    if (!problems.isEmpty()) {
      throw new SkepException(Code.INVALID, String.join("\n", problems) + "\nnothing was applied");
    }
  }

  static Applied apply(ApiClient api, Json manifest) {
    return send(api, manifest, "");
  }

  /** Creates the object, or replaces the one that is there. */
  private static Applied send(ApiClient api, Json manifest, String query) {
    ObjectKind kind = ObjectKind.of(manifest).orElseThrow();
    String namespace = Services.namespace(manifest);
    String name = Services.name(manifest);
    String target = kind.one(namespace, name);
    for (int attempt = 1; ; attempt++) {
      Optional<Json> existing = name.isEmpty() ? Optional.empty() : find(api, target);
      if (existing.isEmpty()) {
        return new Applied(kind, api.post(kind.in(namespace) + query, manifest), true, true);
      }
      String version = existing.get().at("metadata", "resourceVersion").text();
      manifest.at("metadata").set("resourceVersion", version);
      try {
        Json stored = api.put(target + query, manifest);
        boolean changed = !version.equals(stored.at("metadata", "resourceVersion").text());
        return new Applied(kind, stored, false, changed);
      } catch (SkepException e) {
        if (e.code() != Code.CONFLICT || attempt == CONFLICT_BUDGET) {
          throw e;
        }
      }
    }
  }

  /** Empty where there is none. */
  static Optional<Json> find(ApiClient api, String target) {
    try {
      return Optional.of(api.get(target));
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
