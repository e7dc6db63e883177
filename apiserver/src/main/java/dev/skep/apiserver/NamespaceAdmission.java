package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.NamespaceObjects;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Namespaces. */
final class NamespaceAdmission implements Admission {
  @Override
  public Schema.ObjectOf schema() {
    return NamespaceObjects.SCHEMA;
  }

  @Override
  public Findings prune(ObjectNode object) {
    return NamespaceObjects.prune(object);
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    NamespaceObjects.applyDefaults(object);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    try {
      NamespaceObjects.validate(object);
    } catch (SkepException e) {
      throw ApiFailure.invalid("Namespace", object.name(), String.valueOf(e.getMessage()))
          .about("", "Namespace", object.name());
    }
  }
}
