package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Knative's Service. */
final class ServiceAdmission implements Admission {
  @Override
  public List<String> prune(ObjectNode object) {
    return List.of();
  }

  @Override
  public void applyDefaults(ObjectNode object) {}

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {}
}
