package dev.skep.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.OwnedObjects.Propagation;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class OwnedObjectsTest {
  private static final ResourceKind SERVICE = ResourceKind.KNATIVE_SERVICE;
  private static final ResourceKind CONFIGURATION = ResourceKind.CONFIGURATION;
  private static final ResourceKind REVISION = ResourceKind.REVISION;
  private static final ResourceKind ROUTE = ResourceKind.ROUTE;

  @TempDir Path folder;
  private SqliteStore store;
  private OwnedObjects owned;

  @BeforeEach
  void open() {
    store = SqliteStore.open(folder, Clock.systemUTC());
    owned = new OwnedObjects(store);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private ApiObject create(ResourceKind kind, String name, ApiObject... owners) {
    return create("default", kind, name, owners);
  }

  private ApiObject create(String namespace, ResourceKind kind, String name, ApiObject... owners) {
    ObjectNode object = ApiJson.object();
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("name", name).put("namespace", namespace);
    ArrayNode references = metadata.putArray("ownerReferences");
    for (ApiObject owner : owners) {
      references
          .addObject()
          .put("apiVersion", owner.apiVersion())
          .put("kind", owner.kind())
          .put("name", owner.name())
          .put("uid", owner.uid());
    }
    return store.create(kind, new ApiObject(object));
  }

  /** A Service with all that is made of one. */
  private ApiObject service(String name) {
    ApiObject service = create(SERVICE, name);
    ApiObject configuration = create(CONFIGURATION, name, service);
    create(REVISION, name + "-00001", configuration);
    create(REVISION, name + "-00002", configuration);
    ApiObject route = create(ROUTE, name, service);
    create(ResourceKind.SERVICE, name, route);
    return service;
  }

  private ApiObject finalizers(ResourceKind kind, String name, String... finalizers) {
    ObjectNode object = store.get(kind, "default", name).orElseThrow().copy();
    ArrayNode list = object.withObject("metadata").putArray("finalizers");
    List.of(finalizers).forEach(list::add);
    return store.replace(kind, new ApiObject(object));
  }

  private List<String> left() {
    return Stream.of(SERVICE, CONFIGURATION, REVISION, ROUTE, ResourceKind.SERVICE)
        .flatMap(
            kind ->
                store.list(kind, Optional.empty()).items().stream()
                    .map(object -> kind.plural() + "/" + object.name()))
        .toList();
  }

  @Test
  void aServiceTakesAllThatWasMadeOfItAlong() {
    ApiObject service = service("a");
    service("b");
    assertThat(owned.delete(SERVICE, service, Propagation.BACKGROUND)).isEmpty();
    assertThat(left())
        .containsExactly(
            "services/b",
            "configurations/b",
            "revisions/b-00001",
            "revisions/b-00002",
            "routes/b",
            "services/b");
  }

  @Test
  void orphansStayAndForgetTheirOwner() {
    ApiObject service = service("a");
    owned.delete(SERVICE, service, Propagation.ORPHAN);
    assertThat(left())
        .containsExactly(
            "configurations/a", "revisions/a-00001", "revisions/a-00002", "routes/a", "services/a");
    ApiObject route = store.get(ROUTE, "default", "a").orElseThrow();
    assertThat(route.hasNoOwner()).isTrue();
    owned.sweep();
    assertThat(left()).hasSize(5);
  }

  @Test
  void anObjectGoesWithTheLastOfItsOwners() {
    ApiObject one = create(SERVICE, "one");
    ApiObject two = create(SERVICE, "two");
    create(CONFIGURATION, "shared", one, two);
    owned.delete(SERVICE, one, Propagation.BACKGROUND);
    assertThat(left()).containsExactly("services/two", "configurations/shared");
    owned.delete(SERVICE, two, Propagation.BACKGROUND);
    assertThat(left()).isEmpty();
  }

  @Test
  void inTheForegroundTheOwnerGoesLast() {
    ApiObject service = service("a");
    finalizers(REVISION, "a-00001", "example.com/x");
    ApiObject configuration = store.get(CONFIGURATION, "default", "a").orElseThrow();
    ApiObject waiting =
        owned.delete(CONFIGURATION, configuration, Propagation.FOREGROUND).orElseThrow();
    assertThat(waiting.isEnding()).isTrue();
    assertThat(left()).contains("configurations/a", "revisions/a-00001").hasSize(5);
    assertThat(store.get(REVISION, "default", "a-00001").orElseThrow().isEnding()).isTrue();

    create(REVISION, "a-00003", configuration); // by a reconciler that has not seen it yet
    ApiObject free = finalizers(REVISION, "a-00001");
    owned.delete(REVISION, free, Propagation.BACKGROUND);
    assertThat(left()).containsExactly("services/a", "routes/a", "services/a");
    assertThat(owned.delete(SERVICE, service, Propagation.FOREGROUND)).isEmpty();
    assertThat(left()).isEmpty();
  }

  @Test
  void marksWhatHasFinalizersOnce() {
    ApiObject service = create(SERVICE, "a");
    ApiObject kept = finalizers(SERVICE, "a", "example.com/x");
    // Somebody writes between the caller's look and its deletion.
    store.updateStatus(SERVICE, "default", "a", status -> status.put("url", "http://a"));
    ApiObject marked = owned.delete(SERVICE, kept, Propagation.BACKGROUND).orElseThrow();
    assertThat(owned.delete(SERVICE, marked, Propagation.BACKGROUND)).contains(marked);
    assertThat(marked.uid()).isEqualTo(service.uid());
  }

  @Test
  void sweepsWhatAnInterruptedDeletionHasLeft() {
    service("a");
    service("b");
    create(CONFIGURATION, "alone");
    store.delete(SERVICE, "default", "a");
    owned.sweep();
    assertThat(left()).contains("configurations/alone", "routes/b").hasSize(7);
    assertThat(left()).noneMatch(name -> name.endsWith("/a"));
  }

  @Test
  void ownersAreInTheNamespaceOfWhatTheyOwn() {
    ApiObject service = create(SERVICE, "a");
    create("other", CONFIGURATION, "a", service);
    owned.delete(SERVICE, service, Propagation.FOREGROUND);
    assertThat(left()).containsExactly("configurations/a");
  }

  @Test
  void anotherObjectOfTheNameIsNoOwner() {
    service("a");
    store.delete(SERVICE, "default", "a");
    create(SERVICE, "a");
    owned.sweep();
    assertThat(left()).containsExactly("services/a");
  }
}
