package dev.skep.api;

import static dev.skep.api.Schema.Scalar.ANYTHING;
import static dev.skep.api.Schema.Scalar.STRING;
import static dev.skep.api.Schema.list;
import static dev.skep.api.Schema.object;

import tools.jackson.databind.node.ObjectNode;

/** What is done to Namespaces that a client sends. */
public final class NamespaceObjects {
  /** The shape of the kind. */
  public static final Schema.ObjectOf SCHEMA =
      KnativeSchemas.ofKind()
          .with("spec", object().with("finalizers", list(STRING)))
          .with("status", ANYTHING);

  private NamespaceObjects() {}

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(ObjectNode object) {
    return SchemaCheck.findings(SCHEMA, object);
  }

  /** The label that selectors of namespaces use. */
  public static void applyDefaults(ObjectNode object) {
    ObjectNode labels = object.withObject("/metadata/labels");
    labels.put("kubernetes.io/metadata.name", object.at("/metadata/name").asString(""));
    object.withObject("spec");
  }

  /** Fails with INVALID and a message that names every wrong field. */
  public static void validate(ApiObject object) {
    var errors = new FieldErrors();
    Names.dns1123Label(object.name())
        .forEach(problem -> errors.invalid(object.name(), "metadata.name", problem));
    MetadataValidation.labels(object, errors);
    errors.throwIfAny();
  }
}
