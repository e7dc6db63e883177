package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import tools.jackson.databind.node.ObjectNode;

/** Objects for tests. */
final class Services {
  static final ResourceKind KIND = ResourceKind.KNATIVE_SERVICE;

  private Services() {}

  static ApiObject service(String name, int value) {
    return service("default", name, value);
  }

  static ApiObject service(String namespace, String name, int value) {
    ObjectNode object = ApiJson.object();
    object.put("apiVersion", KIND.apiVersion()).put("kind", KIND.kind());
    object.putObject("metadata").put("name", name).put("namespace", namespace);
    object.putObject("spec").put("value", value);
    return new ApiObject(object);
  }

  static ApiObject with(ApiObject object, java.util.function.Consumer<ObjectNode> change) {
    ObjectNode copy = object.copy();
    change.accept(copy);
    return new ApiObject(copy);
  }

  static int value(ApiObject object) {
    return object.spec().path("value").asInt(-1);
  }
}
