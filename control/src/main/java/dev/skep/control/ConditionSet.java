package dev.skep.control;

import dev.skep.api.Conditions;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * The conditions of a status, of which {@code Ready} sums up the others: the first that is False,
 * else the first that is Unknown, decides (knative/pkg, {@code apis/condition_set.go}).
 */
final class ConditionSet {
  private static final String READY = "Ready";

  private final SequencedMap<String, Condition> dependents = new LinkedHashMap<>();

  ConditionSet with(String type, Condition condition) {
    dependents.put(type, condition);
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
    all.forEach(
        (type, condition) ->
            Conditions.add(
                status, type, condition.status(), condition.reason(), condition.message()));
  }
}
