package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists: pages, versions and forms. */
class ListApiTest extends ApiTest {
  private static final String MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String TABLE = "application/json;as=Table;v=%s;g=meta.k8s.io";

  @BeforeEach
  void fill() throws Exception {
    for (String name : new String[] {"a", "b", "c"}) {
      api.post(MAPS, "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"k\":\"v\"}}".formatted(name));
    }
  }

  @Test
  void allPagesShowOneMoment() throws Exception {
    Answer first = api.get(MAPS + "?limit=1");
    api.post(MAPS, "{\"metadata\":{\"name\":\"bb\"}}");
    api.delete(MAPS + "/c");
    String rest = "?continue=" + first.at("/metadata/continue");
    Answer second = api.get(MAPS + rest);
    assertThat(second.at("/items/0/metadata/name")).isEqualTo("b");
    assertThat(second.at("/items/1/metadata/name")).isEqualTo("c");
    assertThat(second.at("/metadata/resourceVersion"))
        .isEqualTo(first.at("/metadata/resourceVersion"));
  }

  @Test
  void aPageOfAnotherListIsExpired() throws Exception {
    String token = api.get(MAPS + "?limit=1").at("/metadata/continue");
    Answer expired = api.get("/api/v1/configmaps?continue=" + token);
    assertThat(expired.status()).isEqualTo(410);
    assertThat(expired.at("/reason")).isEqualTo("Expired");
  }

  @Test
  void forgetsListsAfterAWhile() {
    var time = new AtomicLong();
    var snapshots = new ListSnapshots(time::get);
    var key = new ListSnapshots.Key(ResourceKind.SECRET, Optional.empty(), 7);
    snapshots.keep(key, new ResourceStore.Listing(List.of(), 7));
    assertThat(snapshots.find(key)).isPresent();
    time.addAndGet(Duration.ofMinutes(6).toNanos());
    assertThat(snapshots.find(key)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "resourceVersion=0; 200; ''",
        "resourceVersion=1&resourceVersionMatch=NotOlderThan; 200; ''",
        "resourceVersion=1&resourceVersionMatch=Exact; 410; too old: 1",
        "resourceVersion=0&resourceVersionMatch=Exact; 422; is forbidden for resourceVersion",
        "resourceVersionMatch=Exact; 422; forbidden unless resourceVersion",
        "resourceVersion=1&resourceVersionMatch=Near; 422; Unsupported value",
        "resourceVersion=999999; 504; Too large resource version: 999999",
        "fieldSelector=data.k%3Dv; 400; field label not supported: data.k",
        "labelSelector=a%20b; 400; unable to parse requirement"
      })
  void isAsNewAsTheClientWishes(String query, int status, String message) throws Exception {
    Answer answer = api.get(MAPS + "?" + query);
    assertThat(answer.status()).as(answer.message()).isEqualTo(status);
    assertThat(answer.message()).contains(message);
  }

  @Test
  void selectsSecretsByTheirType() throws Exception {
    String secrets = MAPS.replace("configmaps", "secrets");
    api.post(secrets, "{\"metadata\":{\"name\":\"a\"},\"type\":\"x/y\"}");
    api.post(secrets, "{\"metadata\":{\"name\":\"b\"}}");
    assertThat(api.get(secrets + "?fieldSelector=type%3Dx/y").json().path("items").size()).isOne();
  }

  private Answer accepting(String path, String accept) throws Exception {
    return api.send(api.request(path).header("Accept", accept));
  }

  @ParameterizedTest
  @CsvSource({"v1", "v1beta1"})
  void printsTables(String version) throws Exception {
    Answer table = accepting(MAPS, TABLE.formatted(version) + ",application/json");
    assertThat(table.at("/kind")).isEqualTo("Table");
    assertThat(table.at("/apiVersion")).isEqualTo("meta.k8s.io/" + version);
    assertThat(table.at("/columnDefinitions/0/format")).isEqualTo("name");
    assertThat(table.json().at("/rows/0/cells").toString()).startsWith("[\"a\",\"1\",\"");
    assertThat(table.at("/rows/0/object/kind")).isEqualTo("PartialObjectMetadata");
    Answer one = accepting(MAPS + "/a?includeObject=Object", TABLE.formatted(version));
    assertThat(one.at("/rows/0/object/data/k")).isEqualTo("v");
    Answer bare = accepting(MAPS + "?includeObject=None", TABLE.formatted(version));
    assertThat(bare.json().at("/rows/0/object").isNull()).isTrue();
    assertThat(accepting(MAPS + "?includeObject=x", TABLE.formatted(version)).status())
        .isEqualTo(400);
  }

  @Test
  void givesMetadataOnly() throws Exception {
    String form = "application/json;as=%s;v=v1;g=meta.k8s.io";
    Answer list = accepting(MAPS, form.formatted("PartialObjectMetadataList"));
    assertThat(list.at("/kind")).isEqualTo("PartialObjectMetadataList");
    assertThat(list.at("/items/0/kind")).isEqualTo("PartialObjectMetadata");
    assertThat(list.json().at("/items/0").has("data")).isFalse();
    Answer one = accepting(MAPS + "/a", form.formatted("PartialObjectMetadata"));
    assertThat(one.at("/metadata/name")).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*/*|200",
        "application/vnd.kubernetes.protobuf,application/json|200",
        "text/html, */*;q=0.1|200",
        "application/vnd.kubernetes.protobuf|406",
        "application/json;as=Table;v=v2;g=meta.k8s.io|406"
      })
  void answersInAFormThatTheClientKnows(String accept, int status) throws Exception {
    assertThat(accepting(MAPS, accept).status()).isEqualTo(status);
  }

  @Test
  void tellsAgesAsKubectlDoes() {
    for (String age : "0s 119s 2m 9m59s 10m 179m 3h 7h59m 8h 47h 2d 7d23h 8d 2y 8y".split(" ")) {
      assertThat(Ages.text(duration(age))).isEqualTo(age);
    }
  }

  private static Duration duration(String age) {
    long seconds = 0;
    var parts = Pattern.compile("(\\d+)([a-z])").matcher(age);
    while (parts.find()) {
      long unit =
          switch (parts.group(2)) {
            case "s" -> 1;
            case "m" -> 60;
            case "h" -> 3_600;
            case "d" -> 86_400;
            default -> 365 * 86_400;
          };
      seconds += Long.parseLong(parts.group(1)) * unit;
    }
    return Duration.ofSeconds(seconds);
  }
}
