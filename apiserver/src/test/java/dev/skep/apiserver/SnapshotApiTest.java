package dev.skep.apiserver;

import static dev.skep.apiserver.RunningApi.SKEP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.linux.HostCpu;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotKey;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class SnapshotApiTest extends ApiTest {
  private static final String SNAPSHOTS = SKEP + "/snapshots";

  private static SnapshotKey key(String service) {
    return new SnapshotKey("sha256:" + (service.equals("hello") ? "a" : "b").repeat(64));
  }

  private String publish(String service) throws IOException {
    return publish(service, "qemu 7.2", "EPYC");
  }

  private String publish(String service, String vmm, String cpu) throws IOException {
    Draft draft = api.snapshots.draft(key(service));
    Files.write(draft.file(SnapshotFiles.MEMORY), new byte[8192]);
    Files.write(draft.file(SnapshotFiles.STATE), new byte[100]);
    return draft
        .publish(
            new Manifest.Facts("default", service, service + "-00001", "sha256:i", vmm, cpu, 1500))
        .id();
  }

  private void record(String id) throws IOException {
    Path folder = api.snapshots.describe(id).folder();
    Files.write(folder.resolve(SnapshotFiles.WORKING_SET), new byte[10]);
    Files.write(folder.resolve(SnapshotFiles.WORKING_SET_PAGES), new byte[4096]);
    api.snapshots.recorded(id, 1, 4096);
  }

  @Test
  void listsThoseOfAService() throws Exception {
    publish("hello");
    publish("other");
    assertThat(api.get(SNAPSHOTS).json().path("items").size()).isEqualTo(2);
    JsonNode items = api.get(SNAPSHOTS + "?namespace=default&service=hello").json().path("items");
    assertThat(items.size()).isEqualTo(1);
    assertThat(items.at("/0/revision").asString()).isEqualTo("hello-00001");
    assertThat(api.get(SNAPSHOTS + "?revision=x").json().path("items").size()).isZero();
    assertThat(api.get(SNAPSHOTS + "?namespace=x").json().path("items").size()).isZero();
  }

  @Test
  void showsAllThatIsKnownOfOne() throws Exception {
    String id = publish("hello");
    RunningApi.Answer ready = api.get(SNAPSHOTS + "/" + id);
    assertThat(ready.at("/state")).isEqualTo("ready");
    assertThat(ready.at("/key")).isEqualTo(key("hello").value());
    assertThat(ready.at("/service")).isEqualTo("hello");
    assertThat(ready.at("/vmm")).isEqualTo("qemu 7.2");
    assertThat(ready.json().path("pauseMicros").asInt()).isEqualTo(1500);
    assertThat(ready.json().path("memoryBytes").asInt()).isEqualTo(8192);
    assertThat(ready.json().path("allocatedBytes").asInt()).isEqualTo(8292);
    assertThat(ready.json().at("/files/state/bytes").asInt()).isEqualTo(100);
    assertThat(ready.json().at("/files/memory/crc32c").asString()).matches("[0-9a-f]{8}");
    assertThat(ready.at("/folder")).isEqualTo(state.resolve("snapshots").resolve(id).toString());
    assertThat(ready.json().has("workingSet")).isFalse();

    record(id);
    try (Lease _ = api.snapshots.find(key("hello")).orElseThrow()) {
      RunningApi.Answer recorded = api.get(SNAPSHOTS + "/" + id);
      assertThat(recorded.at("/state")).isEqualTo("recorded");
      assertThat(recorded.json().at("/workingSet/pages").asInt()).isEqualTo(1);
      assertThat(recorded.json().at("/workingSet/bytes").asInt()).isEqualTo(4096);
      assertThat(recorded.json().path("leases").asInt()).isEqualTo(1);
    }
  }

  @Test
  void removesOne() throws Exception {
    String id = publish("hello");
    assertThat(api.delete(SNAPSHOTS + "/" + id).at("/removed")).isEqualTo(id);
    assertThat(api.snapshots.list()).isEmpty();
    RunningApi.Answer again = api.delete(SNAPSHOTS + "/" + id);
    assertThat(again.status()).isEqualTo(404);
    assertThat(again.message()).contains("snapshot " + id + " is not here");
  }

  @Test
  void verifiesOne() throws Exception {
    String id = publish("hello");
    String verify = SNAPSHOTS + "/" + id + "/verify";
    assertThat(api.post(verify, "").json().path("problems").size()).isZero();
    Files.write(
        api.snapshots.describe(id).folder().resolve(SnapshotFiles.STATE), new byte[] {1, 2});
    assertThat(api.post(verify, "").at("/problems/0")).isEqualTo("state: 2 bytes (expected: 100)");
  }

  @Test
  void answersOtherPathsAndMethodsAsKubernetesDoes() throws Exception {
    String id = publish("hello");
    assertThat(api.get(SNAPSHOTS + "/none").status()).isEqualTo(404);
    assertThat(api.post(SNAPSHOTS + "/none/verify", "").status()).isEqualTo(404);
    assertThat(api.get(SNAPSHOTS + "/" + id + "/verify").status()).isEqualTo(405);
    assertThat(api.get(SNAPSHOTS + "/" + id + "/verify/x").status()).isEqualTo(404);
    assertThat(api.delete(SNAPSHOTS).status()).isEqualTo(405);
    assertThat(api.post(SNAPSHOTS + "/" + id, "{}").status()).isEqualTo(405);
  }

  @Test
  void exportsOneAndImportsItWhereItCanRun() throws Exception {
    String id = publish("hello", "qemu", HostCpu.model());
    byte[] archive = export(id);
    api.snapshots.remove(id);

    RunningApi.Answer imported = add(archive);

    assertThat(imported.status()).isEqualTo(200);
    assertThat(imported.at("/service")).isEqualTo("hello");
    assertThat(imported.json().path("whole").asBoolean()).isTrue();
    assertThat(api.snapshots.verify(imported.at("/id"))).isEmpty();
  }

  @Test
  void saysWhyAnArchiveIsRefused() throws Exception {
    byte[] elsewhere = export(publish("hello", "qemu", "Z80"));
    byte[] here = export(publish("other", "qemu", HostCpu.model()));
    api.snapshots.list().forEach(each -> api.snapshots.remove(each.manifest().id()));

    RunningApi.Answer refused = add(elsewhere);
    assertThat(refused.status()).isBetween(400, 599);
    assertThat(refused.at("/message")).contains("Z80", "expected: qemu on " + HostCpu.model());
    RunningApi.Answer cut = add(Arrays.copyOf(here, here.length / 2));
    assertThat(cut.status()).isEqualTo(400);
    assertThat(cut.at("/message")).startsWith("snapshot archive: ");
    assertThat(api.get(SNAPSHOTS + "/x-1/export").status()).isEqualTo(404);
    assertThat(api.snapshots.list()).isEmpty();
  }

  private byte[] export(String id) throws Exception {
    return (byte[]) api.get(SNAPSHOTS + "/" + id + "/export").response().body();
  }

  private RunningApi.Answer add(byte[] archive) throws Exception {
    return api.send(
        api.request(SNAPSHOTS)
            .header("Content-Type", "application/zstd")
            .POST(HttpRequest.BodyPublishers.ofByteArray(archive)));
  }
}
