package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Deletions and the status subresource. */
class DeleteApiTest extends ApiTest {
  private static final String MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String MERGE = "application/merge-patch+json";

  private Answer map(String name, String metadata) throws Exception {
    return api.post(MAPS, "{\"metadata\":{\"name\":\"%s\"%s}}".formatted(name, metadata));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"propagationPolicy\":\"Background\"}|200",
        "{\"propagationPolicy\":\"Foreground\"}|200",
        "{\"propagationPolicy\":\"Sideways\"}|422",
        "{\"preconditions\":{\"uid\":\"other\"}}|409",
        "{\"preconditions\":{\"resourceVersion\":\"1\"}}|409",
        "{\"gracePeriodSeconds\":0}|200",
        "[]|400",
        "{|400"
      })
  void takesOptions(String options, int status) throws Exception {
    map("a", "");
    Answer answer = api.with("DELETE", MAPS + "/a", "application/json", options);
    assertThat(answer.status()).as(answer.message()).isEqualTo(status);
  }

  @Test
  void aDryRunOfTheBodyCounts() throws Exception {
    map("a", "");
    api.with("DELETE", MAPS + "/a", "application/json", "{\"dryRun\":[\"All\"]}");
    assertThat(api.get(MAPS + "/a").status()).isEqualTo(200);
    assertThat(api.delete(MAPS + "/a?propagationPolicy=x").status()).isEqualTo(422);
  }

  @Test
  void deletesWhatIsSelected() throws Exception {
    map("a", ",\"labels\":{\"x\":\"y\"}");
    map("b", ",\"labels\":{\"x\":\"y\"}");
    map("c", "");
    Answer deleted = api.delete(MAPS + "?labelSelector=x%3Dy");
    assertThat(deleted.at("/kind")).isEqualTo("ConfigMapList");
    assertThat(deleted.json().path("items").size()).isEqualTo(2);
    Answer left = api.get(MAPS);
    assertThat(left.json().path("items").size()).isOne();
    assertThat(left.at("/items/0/metadata/name")).isEqualTo("c");
  }

  @Test
  void waitsForFinalizers() throws Exception {
    map("a", ",\"finalizers\":[\"example.com/x\"]");
    Answer marked = api.delete(MAPS + "/a");
    assertThat(marked.at("/metadata/deletionTimestamp")).isNotEmpty();
    assertThat(api.delete(MAPS + "/a").at("/metadata/deletionTimestamp"))
        .isEqualTo(marked.at("/metadata/deletionTimestamp"));
    Answer kept =
        api.with(
            "PATCH",
            MAPS + "/a",
            MERGE,
            "{\"metadata\":{\"deletionTimestamp\":null,\"labels\":{}}}");
    assertThat(kept.at("/metadata/deletionTimestamp")).isNotEmpty();
    api.with("PATCH", MAPS + "/a", MERGE, "{\"metadata\":{\"finalizers\":null}}");
    assertThat(api.get(MAPS + "/a").status()).isEqualTo(404);
  }

  @Test
  void changesTheStatusAlone() throws Exception {
    Answer created = api.post(RunningApi.SERVICES, RunningApi.service("a"));
    String path = RunningApi.SERVICES + "/a/status";
    Answer patched =
        api.with(
            "PATCH",
            path,
            MERGE,
            "{\"status\":{\"url\":\"http://x\"},\"spec\":{\"template\":null}}");
    assertThat(patched.at("/status/url")).isEqualTo("http://x");
    assertThat(patched.json().path("spec")).isEqualTo(created.json().path("spec"));
    assertThat(api.put(path, created.json()).status()).isEqualTo(409);
    assertThat(api.put(path, patched.json()).status()).isEqualTo(200);
    assertThat(api.with("PATCH", path + "?dryRun=All", MERGE, "{\"status\":null}").status())
        .isEqualTo(200);
    assertThat(api.get(path).at("/status/url")).isEqualTo("http://x");
    assertThat(api.get(MAPS + "/a/status").status()).isEqualTo(404);
  }

  @Test
  void replacesCoreObjectsWhateverTheirVersion() throws Exception {
    map("a", "");
    Answer replaced = api.with("PUT", MAPS + "/a", "application/json", "{\"data\":{\"k\":\"v\"}}");
    assertThat(replaced.at("/data/k")).isEqualTo("v");
  }
}
