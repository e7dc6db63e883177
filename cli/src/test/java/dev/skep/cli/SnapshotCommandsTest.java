package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SnapshotCommandsTest extends CommandTest {
  private static final String SNAPSHOTS = "/apis/skep.dev/v1/snapshots";
  private static final String SNAPSHOT =
      """
      {"id":"3f9a0c11d2e4-1","key":"sha256:3f9a","state":"recorded","namespace":"default","service":"hello",
       "revision":"hello-00001","imageDigest":"sha256:11","vmm":"qemu 7.2.22","cpuModel":"EPYC","pauseMicros":1500,
       "memoryBytes":268435456,"allocatedBytes":104857600,"workingSet":{"pages":1203,"bytes":4927488},
       "createdAt":"2026-01-01T00:00:00Z","lastUsedAt":"2026-01-01T00:00:00Z","leases":2,"folder":"/s/3f9a0c11d2e4-1",
       "files":{"memory":{"bytes":268435456,"allocatedBytes":104853504,"crc32c":"0badcafe"},
                "state":{"bytes":4096,"allocatedBytes":4096,"crc32c":"00000001"}}}
      """;

  private int snapshot(String... args) {
    return skepGroup("snapshot", args);
  }

  @Test
  void listsWithSizesAndWorkingSets() {
    api.answer("GET " + SNAPSHOTS + "?namespace=&service=", 200, "{\"items\":[" + SNAPSHOT + "]}");
    assertThat(snapshot("ls")).isZero();
    assertThat(out().lines().toList())
        .satisfiesExactly(
            head ->
                assertThat(head)
                    .matches("ID +NAMESPACE +REVISION +STATE +SIZE +WORKING SET +USED +AGE"),
            row ->
                assertThat(row)
                    .matches(
                        "3f9a0c11d2e4-1 +default +hello-00001 +recorded +100 MiB +1,203 pages, 4\\.7 MiB +\\d+d ago +\\d+d"));
  }

  @Test
  void asksForThoseOfAServiceOnly() {
    api.answer("GET " + SNAPSHOTS + "?namespace=default&service=hello", 200, "{\"items\":[]}");
    assertThat(snapshot("ls", "-n", "default", "--service", "hello")).isZero();
    assertThat(err()).contains("no snapshots");
  }

  @Test
  void printsJsonAndYaml() {
    api.answer("GET " + SNAPSHOTS + "/3f9a0c11d2e4-1", 200, SNAPSHOT);
    assertThat(snapshot("describe", "3f9a0c11d2e4-1", "-o", "json")).isZero();
    assertThat(JsonText.read(out()).at("workingSet", "pages").number()).isEqualTo(1203);
    out.reset();
    assertThat(snapshot("describe", "3f9a0c11d2e4-1", "-o", "yaml")).isZero();
    assertThat(out()).startsWith("id: 3f9a0c11d2e4-1\n");
  }

  @Test
  void describesOneForPeople() {
    api.answer("GET " + SNAPSHOTS + "/3f9a0c11d2e4-1", 200, SNAPSHOT);
    assertThat(snapshot("describe", "3f9a0c11d2e4-1")).isZero();
    assertThat(out())
        .containsPattern("State +recorded, in use by 2\n")
        .containsPattern("Service +default/hello\n")
        .containsPattern("Memory +256 MiB, 100 MiB on disk\n")
        .containsPattern("Paused +1\\.50 ms\n")
        .containsPattern("FILE +SIZE +ON DISK +CRC32C\n")
        .containsPattern("memory +256 MiB +100 MiB +0badcafe\n");
  }

  @Test
  void removesEachThatIsNamed() {
    api.answer("DELETE " + SNAPSHOTS + "/a-1", 200, "{}")
        .answer("DELETE " + SNAPSHOTS + "/b-2", 200, "{}");
    assertThat(snapshot("rm", "a-1", "b-2")).isZero();
    assertThat(err()).contains("removed a-1", "removed b-2");
    assertThat(snapshot("rm", "c-3")).isEqualTo(3);
    assertThat(err()).contains("skep: ", "not found");
  }

  @Test
  void failsWhenASnapshotIsDamagedAndNamesTheFile() {
    api.answer("POST " + SNAPSHOTS + "/a-1/verify", 200, "{\"id\":\"a-1\",\"problems\":[]}")
        .answer(
            "POST " + SNAPSHOTS + "/b-2/verify",
            200,
            "{\"id\":\"b-2\",\"problems\":[\"state: 2 bytes (expected: 100)\"]}");
    assertThat(snapshot("verify", "a-1")).isZero();
    assertThat(snapshot("verify", "a-1", "b-2")).isEqualTo(1);
    assertThat(out()).isEqualTo("a-1: ok\na-1: ok\nb-2: state: 2 bytes (expected: 100)\n");
    out.reset();
    assertThat(snapshot("verify", "b-2", "-o", "json")).isEqualTo(1);
    assertThat(JsonText.read(out()).at("items").items().getFirst().at("problems").items())
        .hasSize(1);
  }

  @Test
  void exportsToAFileThatAppearsWhenItIsWhole() throws IOException {
    Path file = state.resolve("hello.skep");
    api.chunks("GET " + SNAPSHOTS + "/a-1/export", "first ", "second")
        .raw(
            "GET " + SNAPSHOTS + "/b-2/export",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst \r\n");

    assertThat(snapshot("export", "b-2", file.toString())).isNotZero();
    assertThat(snapshot("export", "c-3", file.toString())).isEqualTo(3);
    assertThat(file).doesNotExist();
    assertThat(snapshot("export", "a-1", file.toString())).isZero();

    assertThat(file).hasContent("first second");
    assertThat(state.resolve("hello.skep.part")).doesNotExist();
    assertThat(snapshot("export", "a-1", state.resolve("none/x").toString())).isEqualTo(3);
    assertThat(err()).contains("no folder");
  }

  @Test
  void importsAFile() throws IOException {
    Path file = state.resolve("hello.skep");
    Files.writeString(file, "{\"an\":\"archive\"}");
    api.answer("POST " + SNAPSHOTS, 200, SNAPSHOT);

    assertThat(snapshot("import", file.toString())).isZero();

    assertThat(out()).isEqualTo("3f9a0c11d2e4-1\n");
    assertThat(api.seen().getFirst().body().at("an").text()).isEqualTo("archive");
    assertThat(snapshot("import", state.resolve("none").toString())).isEqualTo(3);
    assertThat(err()).contains("no such file");
  }

  @Test
  void saysWhichCommandsThereAre() {
    assertThat(snapshot()).isEqualTo(2);
    assertThat(err()).contains("snapshot: expected ls, describe, rm, verify, export or import");
    assertThat(snapshot("--help")).isZero();
    assertThat(out())
        .contains("List, describe, remove, verify, export and import snapshots.", "verify");
    assertThat(snapshot("rm")).isEqualTo(2);
  }
}
