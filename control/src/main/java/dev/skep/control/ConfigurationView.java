package dev.skep.control;

import dev.skep.api.ApiJson;
import tools.jackson.databind.node.ObjectNode;

/**
 * A configuration as others see it.
 *
 * @param created name of its latest revision; empty before there is one
 * @param ready name of its latest revision that was ready; empty before there is one
 * @param taken name that it asks for and another has; empty for none
 */
record ConfigurationView(
    String name, String created, String ready, Condition condition, String taken) {
  /** Of an object of that generation, without the times of its conditions. */
  ObjectNode status(long generation) {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", generation);
    writeNames(status);
    new ConditionSet().with("Ready", condition).writeTo(status);
    return status;
  }

  void writeNames(ObjectNode status) {
    if (!created.isEmpty()) {
      status.put("latestCreatedRevisionName", created);
    }
    if (!ready.isEmpty()) {
      status.put("latestReadyRevisionName", ready);
    }
  }
}
