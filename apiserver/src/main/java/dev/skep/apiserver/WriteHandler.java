package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.apiserver.ManagedFields.Writer;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Creates, replaces, patches and applies objects. */
final class WriteHandler {
  private static final int CONFLICT_BUDGET = 5;

  private final ResourceStore store;
  private final Namespaces namespaces;
  private final DeleteHandler deletes;

  WriteHandler(ResourceStore store, Namespaces namespaces, DeleteHandler deletes) {
    this.store = store;
    this.namespaces = namespaces;
    this.deletes = deletes;
  }

  void create(ServedKind served, String namespace, Exchange exchange) {
    Writer manager = Writer.of(served, false, exchange);
    namespaces.check(served, namespace, "");
    ApiObject object = new Incoming(served, exchange).created(exchange.object(), namespace);
    ObjectNode nothing = ApiJson.object();
    ManagedFields.of(nothing)
        .updated(
            ObjectFields.of(served, nothing),
            ObjectFields.of(served, object.json()),
            manager,
            Instant.now())
        .writeTo(object.json());
    store(served, object, exchange);
  }

  private void store(ServedKind served, ApiObject object, Exchange exchange) {
    ResourceKind kind = served.kind();
    ApiObject created =
        namespaces.creating(
            served,
            object,
            () -> {
              if (exchange.isDryRun()) {
                return ifAbsent(kind, object);
              }
              return kind.equals(ResourceKind.NAMESPACE)
                  ? namespaces.create(object)
                  : store.create(kind, object);
            });
    exchange.send(201, View.of(exchange).object(served, created));
  }

  private ApiObject ifAbsent(ResourceKind kind, ApiObject object) {
    if (store.get(kind, object.namespace(), object.name()).isPresent()) {
      throw new SkepException(
          Code.ALREADY_EXISTS,
          "%s \"%s\" already exists".formatted(kind.resource(), object.name()));
    }
    return object;
  }

  void replace(ServedKind served, ApiObject old, Exchange exchange) {
    ApiObject object = new Incoming(served, exchange).replacing(exchange.object(), old);
    if (object.resourceVersion() == 0 && served.isKnative()) {
      String missing = "must be specified for an update";
      throw ApiFailure.invalid(
              served.kind().resource(),
              old.name(),
              "metadata.resourceVersion: Invalid value: 0x0: " + missing)
          .about(served.kind().group(), served.kind().kind(), old.name())
          .because(
              "FieldValueInvalid", "Invalid value: 0x0: " + missing, "metadata.resourceVersion");
    }
    own(served, old, object, exchange);
    send(served, replaced(served, object, exchange), exchange);
  }

  /** Says in the object who has set what; what a client says of that itself is believed. */
  private static void own(ServedKind served, ApiObject old, ApiObject object, Exchange exchange) {
    boolean told = object.json().path("metadata").has("managedFields");
    ManagedFields.of(told ? object.json() : old.json())
        .updated(
            ObjectFields.of(served, old.json()),
            ObjectFields.of(served, object.json()),
            Writer.of(served, false, exchange),
            Instant.now())
        .writeTo(object.json());
  }

  private ApiObject replaced(ServedKind served, ApiObject object, Exchange exchange) {
    if (exchange.isDryRun()) {
      return object;
    }
    ApiObject replaced = store.replace(served.kind(), object);
    deletes.finish(served, replaced);
    return replaced;
  }

  private static void send(ServedKind served, ApiObject object, Exchange exchange) {
    exchange.send(View.of(exchange).object(served, object));
  }

  void patch(ServedKind served, ResourcePath path, Exchange exchange) {
    PatchType type = PatchType.of(served, exchange);
    if (type == PatchType.APPLY) {
      apply(served, path, exchange);
      return;
    }
    if (exchange.query("force").isPresent()) {
      throw ApiFailure.invalid(
          "PatchOptions.meta.k8s.io",
          "",
          "force: Forbidden: may not be specified for non-apply patch");
    }
    var patch = PatchRequest.read(type, exchange.body());
    retrying(
        () -> {
          ApiObject old = existing(served, path);
          ObjectNode patched = patch.on(old.json());
          ApiObject object = new Incoming(served, exchange).replacing(patched, old);
          own(served, old, object, exchange);
          return new Next(old, object);
        },
        served,
        exchange);
  }

  private void apply(ServedKind served, ResourcePath path, Exchange exchange) {
    var apply =
        new ServerSideApply(served, Writer.of(served, true, exchange), exchange.flag("force"));
    byte[] body = exchange.body();
    String namespace = path.namespace().orElse("");
    var incoming = new Incoming(served, exchange);
    if (find(served, path).isEmpty()) {
      namespaces.check(served, namespace, path.name().orElse(""));
      ObjectNode config = incoming.applied(Yaml.parse(body), path);
      ApiObject object =
          apply.apply(
              ApiJson.object(),
              config,
              merged -> incoming.created(merged, namespace),
              Instant.now());
      store(served, object, exchange);
      return;
    }
    retrying(
        () -> {
          ApiObject old = existing(served, path);
          ObjectNode config = incoming.applied(Yaml.parse(body), path);
          return new Next(
              old,
              apply.apply(
                  old.json(), config, merged -> incoming.replacing(merged, old), Instant.now()));
        },
        served,
        exchange);
  }

  /** The next state of an object. */
  private record Next(ApiObject old, ApiObject object) {}

  private interface Attempt {
    Next next();
  }

  /** Begins again when somebody else was faster, unless the client names the version it means. */
  private void retrying(Attempt attempt, ServedKind served, Exchange exchange) {
    for (int attempts = 1; ; attempts++) {
      Next next = attempt.next();
      try {
        send(served, replaced(served, next.object(), exchange), exchange);
        return;
      } catch (SkepException e) {
        boolean raced =
            e.code() == Code.CONFLICT
                && next.object().resourceVersion() == next.old().resourceVersion();
        if (!raced || attempts == CONFLICT_BUDGET) {
          throw e;
        }
      }
    }
  }

  private Optional<ApiObject> find(ServedKind served, ResourcePath path) {
    return store.get(served.kind(), path.namespace().orElse(""), path.name().orElse(""));
  }

  ApiObject existing(ServedKind served, ResourcePath path) {
    return find(served, path)
        .orElseThrow(
            () ->
                new SkepException(
                    Code.NOT_FOUND,
                    "%s \"%s\" not found"
                        .formatted(served.kind().resource(), path.name().orElse(""))));
  }
}
