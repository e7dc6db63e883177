package dev.skep.api;

import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Checks the spec of a revision ({@code pkg/apis/serving/v1/revision_validation.go}). */
final class RevisionValidation {
  static final int MAX_CONCURRENCY = 1_000;
  static final int MAX_TIMEOUT_SECONDS = 600;

  private RevisionValidation() {}

  /**
   * Checks a spec.
   *
   * @param at its path
   */
  static void check(JsonNode spec, String at, FieldErrors errors) {
    JsonNode containers = spec.path("containers");
    if (containers.isEmpty()) {
      errors.missing(at + ".containers");
    } else if (containers.size() > 1) {
      errors.add(
          "multi-container is off, but found %d containers".formatted(containers.size()),
          "",
          at + ".containers");
    } else {
      ContainerValidation.check(containers.get(0), at + ".containers[0]", errors);
    }
    VolumeValidation.check(spec, at, errors);
    VolumeValidation.unmounted(spec, at, errors);
    bounds(spec, "containerConcurrency", MAX_CONCURRENCY, at, errors);
    bounds(spec, "timeoutSeconds", MAX_TIMEOUT_SECONDS, at, errors);
    long timeout = spec.path("timeoutSeconds").asLong(RevisionDefaults.TIMEOUT_SECONDS);
    bounds(spec, "responseStartTimeoutSeconds", timeout, at, errors);
    bounds(spec, "idleTimeoutSeconds", timeout, at, errors);
    account(spec, at, errors);
  }

  private static void bounds(
      JsonNode spec, String field, long most, String at, FieldErrors errors) {
    long value = spec.path(field).asLong(0);
    if (value < 0 || value > most) {
      errors.outOfBounds(value, 0, most, at + "." + field);
    }
  }

  /** It names a kind of sandbox, as the annotation does. */
  static void runtimeClass(
      JsonNode spec, Map<String, String> annotations, String at, FieldErrors errors) {
    String path = at + ".runtimeClassName";
    String name = spec.path("runtimeClassName").asString("");
    if (name.isEmpty()) {
      return;
    }
    SkepAnnotations.kind(name, path, errors);
    String annotated = annotations.getOrDefault(SkepAnnotations.SANDBOX, name);
    if (!annotated.equals(name)) {
      errors.invalid(
          name, path, "the annotation " + SkepAnnotations.SANDBOX + " says " + annotated);
    }
  }

  private static void account(JsonNode spec, String at, FieldErrors errors) {
    String account = spec.path("serviceAccountName").asString("");
    if (!account.isEmpty()) {
      Names.dns1123Subdomain(account)
          .forEach(problem -> errors.invalid(account, at + ".serviceAccountName", problem));
    }
    if (spec.path("automountServiceAccountToken").asBoolean(false)) {
      errors.invalid("true", at + ".automountServiceAccountToken", "expected false");
    }
  }
}
