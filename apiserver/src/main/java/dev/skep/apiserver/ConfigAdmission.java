package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.ConfigObjects;
import dev.skep.api.EnvSource;
import dev.skep.api.Findings;
import dev.skep.api.Schema;
import dev.skep.api.ServiceTemplates;
import dev.skep.api.SkepException;
import dev.skep.control.KnativeSettings;
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
    if (kind == EnvSource.Kind.CONFIG_MAP && object.namespace().equals(KnativeSettings.NAMESPACE)) {
      settings(object);
    }
  }

  /** What one of Knative's own says must be of use, as its webhook sees to. */
  private static void settings(ApiObject object) {
    try {
      KnativeSettings.check(object.name(), ServiceTemplates.strings(object.json().path("data")));
    } catch (SkepException e) {
      throw new SkepException(
          e.code(),
          "admission webhook \"config.webhook.serving.knative.dev\" denied the request: validation failed: "
              + e.getMessage(),
          e);
    }
  }
}
