package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.apiserver.RunningApi.Answer;
import dev.skep.store.EventLog.About;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Events of both groups, and Leases. */
class EventApiTest extends ApiTest {
  private static final String EVENTS = "/api/v1/namespaces/default/events";
  private static final String NEW_EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events";
  private static final String LEASES =
      "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  private static final About HELLO =
      new About(ResourceKind.KNATIVE_SERVICE, "default", "hello", "uid-1");
  private static final About OTHER =
      new About(ResourceKind.REVISION, "default", "other-00001", "uid-2");

  private static final String OWN =
      """
      {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "mine.1"},
       "involvedObject": {"kind": "Service", "namespace": "%s", "name": "mine"},
       "reason": "Seen", "message": "it is there", "type": "Normal", "count": 1,
       "source": {"component": "me"}, "lastTimestamp": "2026-01-01T00:00:00Z"}
      """;

  private void happen() {
    api.events.normal(HELLO, "Created", "Created Route \"hello\"");
    api.events.warning(OTHER, "Unschedulable", "no place");
  }

  /** Such as {@code kubectl describe} sends them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "involvedObject.name=hello,involvedObject.namespace=default,involvedObject.kind=Service,involvedObject.uid=uid-1; Created",
        "involvedObject.name=hello,involvedObject.uid=uid-2; ''",
        "type=Warning; Unschedulable",
        "type!=Normal,reason=Unschedulable; Unschedulable",
        "involvedObject.apiVersion=serving.knative.dev/v1,involvedObject.kind=Revision; Unschedulable"
      })
  void areSelectedByWhatTheyAreAbout(String selector, String reasons) throws Exception {
    happen();
    for (String path : new String[] {EVENTS, "/api/v1/events"}) {
      Answer found = api.get(path + "?fieldSelector=" + selector.replace("=", "%3D"));
      assertThat(found.status()).as(found.message()).isEqualTo(200);
      assertThat(reasons(found)).isEqualTo(reasons);
    }
  }

  private static String reasons(Answer list) {
    return String.join(
        " ", list.json().path("items").valueStream().map(event -> text(event, "/reason")).toList());
  }

  private static String text(JsonNode json, String pointer) {
    return json.at(pointer).asString("");
  }

  @Test
  void haveTwoNames() throws Exception {
    happen();
    Answer found =
        api.get(
            NEW_EVENTS
                + "?fieldSelector=regarding.name%3Dhello,reportingController%3D"
                + "service-controller");
    assertThat(reasons(found)).isEqualTo("Created");
    JsonNode event = found.json().at("/items/0");
    assertThat(text(event, "/apiVersion")).isEqualTo("events.k8s.io/v1");
    assertThat(text(event, "/regarding/uid")).isEqualTo("uid-1");
    assertThat(text(event, "/note")).isEqualTo("Created Route \"hello\"");
    assertThat(event.path("deprecatedCount").asInt()).isEqualTo(1);
    assertThat(event.has("involvedObject") || event.has("message")).isFalse();
    Answer core = api.get(EVENTS + "/" + text(event, "/metadata/name"));
    assertThat(core.at("/metadata/resourceVersion"))
        .isEqualTo(text(event, "/metadata/resourceVersion"));
    assertThat(core.at("/source/component")).isEqualTo("service-controller");
  }

  @Test
  void areWatchedWithTheirCounts() throws Exception {
    happen();
    String from = api.get(EVENTS).at("/metadata/resourceVersion");
    String query = "?watch=true&timeoutSeconds=20&resourceVersion=" + from;
    try (Stream<String> core = api.lines(EVENTS + query + "&fieldSelector=reason%3DCreated");
        Stream<String> regarding = api.lines(NEW_EVENTS + query)) {
      api.events.normal(HELLO, "Created", "Created Route \"hello\"");
      JsonNode one = event(core);
      assertThat(text(one, "/type")).isEqualTo("MODIFIED");
      assertThat(one.at("/object/count").asInt()).isEqualTo(2);
      JsonNode other = event(regarding);
      assertThat(other.at("/object/deprecatedCount").asInt()).isEqualTo(2);
      assertThat(text(other, "/object/regarding/name")).isEqualTo("hello");
    }
  }

  private static JsonNode event(Stream<String> lines) {
    String line = lines.filter(text -> !text.isEmpty()).findFirst().orElseThrow();
    return ApiJson.parse(line.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void areWrittenByClientsToo() throws Exception {
    Answer created = api.post(EVENTS, OWN.formatted("default"));
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(api.post(EVENTS, OWN.formatted("default")).status()).isEqualTo(409);
    Answer counted =
        api.with(
            "PATCH", EVENTS + "/mine.1", "application/strategic-merge-patch+json", "{\"count\":2}");
    assertThat(counted.json().path("count").asInt()).isEqualTo(2);
    assertThat(api.get(NEW_EVENTS + "/mine.1").at("/note")).isEqualTo("it is there");
    Answer elsewhere = api.post(EVENTS, OWN.formatted("team").replace("mine.1", "mine.2"));
    assertThat(elsewhere.status()).isEqualTo(422);
    assertThat(elsewhere.message()).contains("does not match event.namespace");
    assertThat(api.delete(NEW_EVENTS + "/mine.1").status()).isEqualTo(200);
    assertThat(api.get(EVENTS + "/mine.1").status()).isEqualTo(404);
  }

  @Test
  void goWithTheirNamespace() throws Exception {
    api.post("/api/v1/namespaces", "{\"metadata\": {\"name\": \"team\"}}");
    api.events.normal(new About(ResourceKind.ROUTE, "team", "a", "uid-3"), "Created", "it");
    assertThat(api.get("/api/v1/namespaces/team/events").json().path("items").size()).isEqualTo(1);
    assertThat(api.delete("/api/v1/namespaces/team").status()).isEqualTo(200);
    assertThat(api.get("/api/v1/events").json().path("items").size()).isZero();
  }

  @Test
  void leasesAreHeldByWhoComesFirst() throws Exception {
    api.post("/api/v1/namespaces", "{\"metadata\": {\"name\": \"kube-node-lease\"}}");
    String lease =
        """
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "leader"},
         "spec": {"holderIdentity": "one", "leaseDurationSeconds": 15,
           "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000000Z",
           "leaseTransitions": 0}}
        """;
    Answer created = api.post(LEASES, lease);
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(api.post(LEASES, lease).status()).isEqualTo(409);
    ObjectNode one = ((ObjectNode) created.json()).deepCopy();
    one.withObject("spec").put("renewTime", "2026-01-01T00:00:02.000000Z");
    ObjectNode two = one.deepCopy();
    two.withObject("spec").put("holderIdentity", "two");
    assertThat(api.put(LEASES + "/leader", one).status()).isEqualTo(200);
    Answer late = api.put(LEASES + "/leader", two);
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.message()).contains("the object has been modified");
    Answer held = api.get(LEASES + "/leader");
    assertThat(held.at("/spec/holderIdentity")).isEqualTo("one");
    assertThat(held.at("/spec/renewTime")).isEqualTo("2026-01-01T00:00:02.000000Z");
  }
}
