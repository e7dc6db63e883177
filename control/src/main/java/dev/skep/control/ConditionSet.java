package dev.skep.control;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The conditions of a status, of which {@code Ready} sums up the others: the first that is False,
 * else the first that is Unknown, decides (knative/pkg, {@code apis/condition_set.go}).
 */
final class ConditionSet {
  private static final String READY = "Ready";

  private final SequencedMap<String, Condition> dependents = new LinkedHashMap<>();
  private final SequencedMap<String, Condition> others = new LinkedHashMap<>();

  ConditionSet with(String type, Condition condition) {
    dependents.put(type, condition);
    return this;
  }

  /** One that says something and decides nothing. */
  ConditionSet info(String type, Condition condition) {
    others.put(type, condition);
    return this;
  }

  Condition ready() {
    return dependents.values().stream()
        .filter(Condition::isFalse)
        .findFirst()
        .or(() -> dependents.values().stream().filter(each -> !each.isTrue()).findFirst())
        .orElse(Condition.TRUE);
  }

  /** Without times, see {@link dev.skep.api.Conditions#withTimes}. */
  void writeTo(ObjectNode status) {
    var all = new TreeMap<String, Condition>(dependents);
    all.put(READY, ready());
    all.putAll(others);
    ArrayNode conditions = status.putArray("conditions");
    all.forEach((type, condition) -> write(conditions.addObject(), type, condition));
  }

  private void write(ObjectNode node, String type, Condition condition) {
    if (!condition.message().isEmpty()) {
      node.put("message", condition.message());
    }
    if (!condition.reason().isEmpty()) {
      node.put("reason", condition.reason());
    }
    if (others.containsKey(type)) {
      node.put("severity", "Info");
    }
    node.put("status", condition.status()).put("type", type);
  }
}
