package dev.skep.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The typed form of {@code spec} of a Deployment, and what is done to one that a client sends
 * ({@code pkg/apis/apps/validation}).
 *
 * @param recreate whether all pods of an old template end before the first of a new one starts
 * @param maxSurge pods beyond {@code replicas} while a template is replaced
 * @param maxUnavailable pods that may be missing meanwhile
 */
public record DeploymentSpec(
    int replicas,
    boolean recreate,
    int maxSurge,
    int maxUnavailable,
    Duration progressDeadline,
    PodTemplate template) {
  private static final int MOST_REPLICAS = 1_000;
  private static final Set<String> STRATEGIES = Set.of("Recreate", "RollingUpdate");
  private static final Pattern PERCENT = Pattern.compile("[0-9]{1,3}%");
  private static final int PROGRESS_SECONDS = 600;
  private static final String TEMPLATE = "spec.template";

  /** Of an object that was defaulted and validated. */
  public static DeploymentSpec of(ApiObject deployment) {
    JsonNode spec = deployment.spec();
    int replicas = spec.path("replicas").asInt(1);
    JsonNode rolling = spec.path("strategy").path("rollingUpdate");
    int surge = share(rolling.path("maxSurge"), replicas, true);
    int unavailable = share(rolling.path("maxUnavailable"), replicas, false);
    return new DeploymentSpec(
        replicas,
        spec.path("strategy").path("type").asString("").equals("Recreate"),
        surge,
        surge + unavailable == 0 ? 1 : unavailable,
        Duration.ofSeconds(spec.path("progressDeadlineSeconds").asLong(PROGRESS_SECONDS)),
        PodTemplates.read(spec.path("template")));
  }

  /** A number, or a percentage of the replicas; a quarter where none is given. */
  private static int share(JsonNode amount, int replicas, boolean up) {
    String text = amount.asString("25%");
    if (!text.endsWith("%")) {
      return Integer.parseInt(text);
    }
    int percent = Integer.parseInt(text.substring(0, text.length() - 1));
    return (replicas * percent + (up ? 99 : 0)) / 100;
  }

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(ObjectNode object) {
    return SchemaCheck.findings(KubernetesSchemas.DEPLOYMENT, object);
  }

  public static void applyDefaults(ObjectNode object) {
    ObjectNode spec = object.withObject("spec");
    if (!spec.has("replicas")) {
      spec.put("replicas", 1);
    }
    ObjectNode strategy = spec.withObject("strategy");
    if (strategy.path("type").asString("").isEmpty()) {
      strategy.put("type", "RollingUpdate");
    }
    if (strategy.path("type").asString("").equals("RollingUpdate")) {
      ObjectNode rolling = strategy.withObject("rollingUpdate");
      for (String field : List.of("maxSurge", "maxUnavailable")) {
        if (!rolling.has(field)) {
          rolling.put(field, "25%");
        }
      }
    }
    if (!spec.has("progressDeadlineSeconds")) {
      spec.put("progressDeadlineSeconds", PROGRESS_SECONDS);
    }
    PodTemplates.applyDefaults(spec.path("template"));
  }

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code object} is to replace
   */
  public static void validate(ApiObject object, Optional<ApiObject> old) {
    var errors = new KubernetesErrors();
    ObjectMeta.check(object, Names::dns1123Subdomain, errors);
    JsonNode spec = object.spec();
    long replicas = spec.path("replicas").asLong(1);
    if (replicas < 0 || replicas > MOST_REPLICAS) {
      errors.invalid(
          "spec.replicas",
          replicas,
          "must be between 0 and %d, inclusive".formatted(MOST_REPLICAS));
    }
    selector(spec, errors);
    strategy(spec.path("strategy"), errors);
    PodTemplates.check(spec.path("template"), TEMPLATE, errors);
    old.filter(before -> !before.spec().path("selector").equals(spec.path("selector")))
        .ifPresent(_ -> errors.invalid("spec.selector", matched(spec), "field is immutable"));
    errors.throwIfAny();
  }

  private static Map<String, String> matched(JsonNode spec) {
    return ServiceTemplates.strings(spec.path("selector").path("matchLabels"));
  }

  private static void selector(JsonNode spec, KubernetesErrors errors) {
    Map<String, String> wanted = matched(spec);
    Map<String, String> labels =
        ServiceTemplates.strings(spec.path("template").path("metadata").path("labels"));
    ObjectMeta.labels(labels, TEMPLATE + ".metadata.labels", errors);
    if (ServiceTemplates.isAbsent(spec.path("selector"))) {
      errors.required("spec.selector");
    } else if (wanted.isEmpty()) {
      errors.invalid("spec.selector", "{}", "empty selector is invalid for deployment");
    } else if (!labels.entrySet().containsAll(wanted.entrySet())) {
      errors.invalid(
          TEMPLATE + ".metadata.labels", labels, "`selector` does not match template `labels`");
    }
  }

  private static void strategy(JsonNode strategy, KubernetesErrors errors) {
    String type = strategy.path("type").asString("");
    if (!STRATEGIES.contains(type)) {
      errors.unsupported("spec.strategy.type", type, STRATEGIES);
    } else if (type.equals("Recreate") && strategy.has("rollingUpdate")) {
      errors.forbidden(
          "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
    }
    for (String field : List.of("maxSurge", "maxUnavailable")) {
      JsonNode amount = strategy.path("rollingUpdate").path(field);
      String path = "spec.strategy.rollingUpdate." + field;
      if (amount.isIntegralNumber() && (amount.asLong() < 0 || amount.asLong() > MOST_REPLICAS)) {
        errors.invalid(path, amount.asLong(), "must be greater than or equal to 0");
      } else if (amount.isString() && !PERCENT.matcher(amount.asString()).matches()) {
        errors.invalid(
            path,
            amount.asString(),
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
      }
    }
  }
}
