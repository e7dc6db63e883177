package dev.skep.api;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Checks the spec of a Service ({@code pkg/apis/serving/v1/*_validation.go}). */
final class ServiceValidation {
  static final int MAX_CONCURRENCY = 1_000;
  static final int MAX_TIMEOUT_SECONDS = 600;

  private static final String SPEC = "spec.template.spec";
  private static final String ANNOTATIONS = "spec.template.metadata.annotations";
  private static final String ONLY_LATEST =
      "only one target, with latestRevision: true and percent: 100, is served by this version";

  private ServiceValidation() {}

  static void check(ApiObject service, FieldErrors errors) {
    JsonNode template = service.spec().path("template");
    Map<String, String> annotations =
        ServiceTemplates.strings(template.path("metadata").path("annotations"));
    AutoscalingAnnotations.check(annotations, ANNOTATIONS, errors);
    SkepAnnotations.check(annotations, ANNOTATIONS, errors);
    revision(template.path("spec"), errors);
    runtimeClass(template.path("spec"), annotations, SPEC, errors);
    traffic(service.spec().path("traffic"), errors);
  }

  private static void revision(JsonNode spec, FieldErrors errors) {
    JsonNode containers = spec.path("containers");
    if (containers.isEmpty()) {
      errors.missing(SPEC + ".containers");
    } else if (containers.size() > 1) {
      errors.add(
          "multi-container is off, but found %d containers".formatted(containers.size()),
          "",
          SPEC + ".containers");
    } else {
      ContainerValidation.check(containers.get(0), SPEC + ".containers[0]", errors);
    }
    VolumeValidation.check(spec, SPEC, errors);
    VolumeValidation.unmounted(spec, SPEC, errors);
    bounds(spec, "containerConcurrency", MAX_CONCURRENCY, errors);
    bounds(spec, "timeoutSeconds", MAX_TIMEOUT_SECONDS, errors);
    long timeout = spec.path("timeoutSeconds").asLong(ServiceDefaults.TIMEOUT_SECONDS);
    bounds(spec, "responseStartTimeoutSeconds", timeout, errors);
    bounds(spec, "idleTimeoutSeconds", timeout, errors);
    account(spec, errors);
  }

  private static void bounds(JsonNode spec, String field, long most, FieldErrors errors) {
    long value = spec.path(field).asLong(0);
    if (value < 0 || value > most) {
      errors.outOfBounds(value, 0, most, SPEC + "." + field);
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

  private static void account(JsonNode spec, FieldErrors errors) {
    String account = spec.path("serviceAccountName").asString("");
    if (!account.isEmpty()) {
      Names.dns1123Subdomain(account)
          .forEach(problem -> errors.invalid(account, SPEC + ".serviceAccountName", problem));
    }
    if (spec.path("automountServiceAccountToken").asBoolean(false)) {
      errors.invalid("true", SPEC + ".automountServiceAccountToken", "expected false");
    }
  }

  private static void traffic(JsonNode traffic, FieldErrors errors) {
    long sum = 0;
    var tags = new HashMap<String, Integer>();
    for (int i = 0; i < traffic.size(); i++) {
      sum += target(traffic.get(i), i, tags, errors);
    }
    if (sum != 100) {
      errors.add("Traffic targets sum to %d, want 100".formatted(sum), "", "spec.traffic");
    }
  }

  private static long target(
      JsonNode target, int index, Map<String, Integer> tags, FieldErrors errors) {
    String path = "spec.traffic[%d]".formatted(index);
    String revision = target.path("revisionName").asString("");
    String tag = target.path("tag").asString("");
    boolean latest = target.path("latestRevision").asBoolean(false);
    if (target.has("configurationName")) {
      errors.disallowed(path + ".configurationName", "");
    }
    if (target.has("url")) {
      errors.disallowed(path + ".url", "");
    }
    if (latest == !revision.isEmpty()) {
      errors.add(
          "may not set revisionName \"%s\" when latestRevision is %s".formatted(revision, latest),
          "",
          path + ".latestRevision");
    }
    Integer first = tag.isEmpty() ? null : tags.putIfAbsent(tag, index);
    if (first != null) {
      errors.add(
          "Multiple definitions for \"%s\"".formatted(tag),
          "",
          "spec.traffic[%d].tag".formatted(first),
          path + ".tag");
    }
    if (!revision.isEmpty()) {
      errors.disallowed(path + ".revisionName", ONLY_LATEST);
    }
    if (!tag.isEmpty()) {
      errors.disallowed(path + ".tag", ONLY_LATEST);
    }
    return percent(target, path, errors);
  }

  private static long percent(JsonNode target, String path, FieldErrors errors) {
    long percent = target.path("percent").asLong(0);
    if (percent < 0 || percent > 100) {
      errors.outOfBounds(percent, 0, 100, path + ".percent");
    }
    return Math.clamp(percent, -1_000, 1_000);
  }
}
