package dev.skep.api;

import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Knative's kinds, and what is done to their objects that a client sends: unknown fields are found,
 * defaults filled in, the result validated with Knative's messages. {@link ServiceTemplates} reads
 * what passed.
 */
public enum KnativeKind implements ObjectRules {
  /** A Configuration and a Route in one. */
  SERVICE,
  /** A template, each version of which becomes a Revision. */
  CONFIGURATION,
  /** Where the requests for a name go. */
  ROUTE,
  /** One version of a template; its spec never changes. */
  REVISION,
  /** A host name of one's own for a Service or a Route. */
  DOMAIN_MAPPING;

  @Override
  public Schema.ObjectOf schema() {
    return switch (this) {
      case SERVICE -> KnativeSchemas.SERVICE;
      case CONFIGURATION -> KnativeSchemas.CONFIGURATION;
      case ROUTE -> KnativeSchemas.ROUTE;
      case REVISION -> KnativeSchemas.REVISION;
      case DOMAIN_MAPPING -> KnativeSchemas.DOMAIN_MAPPING;
    };
  }

  @Override
  public Findings prune(ObjectNode object) {
    SchemaCheck check = SchemaCheck.of(schema(), object);
    throwIfAny(check.errors());
    return new Findings(check.unknown(), check.withoutEffect());
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    ObjectNode spec = object.withObject("spec");
    JsonNode before = old.map(ApiObject::spec).orElseGet(MissingNode::getInstance);
    switch (this) {
      case SERVICE -> {
        RevisionDefaults.applyToTemplate(spec, before);
        TrafficTargets.applyDefaults(spec);
        TrafficTargets.leadToLatest(spec);
      }
      case CONFIGURATION -> RevisionDefaults.applyToTemplate(spec, before);
      case ROUTE -> TrafficTargets.applyDefaults(spec);
      case REVISION -> {
        if (!spec.equals(before)) {
          RevisionDefaults.apply(spec);
        }
      }
      case DOMAIN_MAPPING -> DomainMappings.applyDefaults(object);
    }
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    var errors = new FieldErrors();
    switch (this) {
      case SERVICE -> service(object, old, errors);
      case CONFIGURATION -> configuration(object, old, errors);
      case ROUTE -> route(object, old, errors);
      case REVISION -> revision(object, old, errors);
      case DOMAIN_MAPPING -> DomainMappings.check(object, old, errors);
    }
    throwIfAny(errors);
  }

  private static void service(ApiObject service, Optional<ApiObject> old, FieldErrors errors) {
    MetadataValidation.check(service, errors);
    MetadataValidation.noTemplateAnnotations(service, errors);
    MetadataValidation.ofRoute(service, errors);
    old.ifPresent(before -> MetadataValidation.writers(service, before, errors));
    TemplateValidation.check(service, old, errors);
    TrafficTargets.checkOfService(service.spec().path("traffic"), errors);
  }

  private static void configuration(
      ApiObject configuration, Optional<ApiObject> old, FieldErrors errors) {
    MetadataValidation.check(configuration, errors);
    MetadataValidation.noTemplateAnnotations(configuration, errors);
    MetadataValidation.ownerLabel(configuration, "Service", errors);
    old.filter(_ -> configuration.hasNoOwner())
        .ifPresent(before -> MetadataValidation.writers(configuration, before, errors));
    TemplateValidation.check(configuration, old, errors);
  }

  private static void route(ApiObject route, Optional<ApiObject> old, FieldErrors errors) {
    MetadataValidation.check(route, errors);
    MetadataValidation.noTemplateAnnotations(route, errors);
    MetadataValidation.ofRoute(route, errors);
    MetadataValidation.ownerLabel(route, "Service", errors);
    old.filter(_ -> route.hasNoOwner())
        .ifPresent(before -> MetadataValidation.writers(route, before, errors));
    TrafficTargets.checkOfRoute(route.spec().path("traffic"), errors);
  }

  private static void revision(ApiObject revision, Optional<ApiObject> old, FieldErrors errors) {
    MetadataValidation.check(revision, errors);
    MetadataValidation.ownerLabel(revision, "Configuration", errors);
    if (old.isEmpty()) {
      TemplateValidation.annotations(revision.annotations(), "metadata.annotations", errors);
      RevisionValidation.check(revision.spec(), "spec", errors);
      RevisionValidation.runtimeClass(revision.spec(), revision.annotations(), "spec", errors);
      return;
    }
    AutoscalingAnnotations.check(revision.annotations(), "metadata.annotations", errors);
    if (!revision.spec().equals(old.get().spec())) {
      errors.add(
          "Immutable fields changed (-old +new)",
          JsonDifference.text(old.get().spec(), revision.spec()),
          "spec");
    }
  }

  private static void throwIfAny(FieldErrors errors) {
    if (!errors.isEmpty()) {
      throw new SkepException(SkepException.Code.INVALID, "validation failed: " + errors);
    }
  }
}
