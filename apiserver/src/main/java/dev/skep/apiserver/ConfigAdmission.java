package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.ConfigObjects;
import dev.skep.api.EnvSource;
import dev.skep.api.Findings;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** ConfigMaps and Secrets. */
record ConfigAdmission(EnvSource.Kind kind) implements Admission {
  @Override
  public Schema.ObjectOf schema() {
    return ConfigObjects.schema(kind);
  }

  @Override
  public Findings prune(ObjectNode object) {
    return ConfigObjects.prune(kind, object);
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    ConfigObjects.applyDefaults(kind, object);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    try {
      ConfigObjects.validate(kind, object, old);
    } catch (SkepException e) {
      String name = object.name();
      throw ApiFailure.invalid(kind.toString(), name, String.valueOf(e.getMessage()))
          .about("", kind.toString(), name);
    }
  }
}
