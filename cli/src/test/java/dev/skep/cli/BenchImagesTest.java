package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.cli.ImageStart.Way;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchImagesTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Terminal terminal =
      new Terminal(OutputStream.nullOutputStream(), err, false, false);

  private int bench(String... args) {
    String[] words =
        Stream.concat(Stream.of("bench", "images"), Stream.of(args)).toArray(String[]::new);
    return Main.execute(terminal, words);
  }

  @Test
  void refusesWhatIsNoLinkOrSandbox() {
    assertThat(bench("--bandwidths", "100,0")).isEqualTo(ExitCodes.USAGE);
    assertThat(bench("--sandbox", "microvn")).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("--bandwidths 0 (expected: at least 1)")
        .contains("sandbox 'microvn' (expected: microvm, gvisor, container)");
  }

  @Test
  void comparesWithTheFullPullOfTheSameLink() {
    List<ImageStart> starts =
        List.of(
            new ImageStart(50, Way.FULL, 1, 900, 1000, 210_000_000, 200_000_000),
            new ImageStart(50, Way.LAZY, 1, 90, 300, 30_000_000, 200_000_000),
            new ImageStart(50, Way.LISTED, 1, 90, 120, 14_000_000, 200_000_000),
            new ImageStart(50, Way.FULL, 2, 900, 2000, 210_000_000, 200_000_000));
    assertThat(BenchImages.table(starts, terminal).toString().lines())
        .containsExactly(
            "LINK       IMAGE  FIRST ANSWER  OF FULL  FETCHED   OF ALL",
            "50 Mbit/s  full   1.50 s        1.00     210.0 MB  105.0 %",
            "50 Mbit/s  lazy   300 ms        0.20     30.0 MB   15.0 %",
            "50 Mbit/s  list   120 ms        0.08     14.0 MB   7.0 %");
    assertThat(starts.getFirst().csv()).isEqualTo("50,full,1,900.0,1000.0,210000000,200000000\n");
  }

  @Test
  void aLayoutIsServedAsARegistryWould(@TempDir Path folder) throws Exception {
    new OciFolder(folder).layer(tar -> tar.write(new byte[1024])).finish(List.of("/app"));
    try (var registry = LayoutRegistry.start(folder, 0, 1L << 40);
        var client = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> manifest = get(client, registry, "manifests/any", "");
      assertThat(manifest.headers().firstValue("Content-Type"))
          .contains("application/vnd.oci.image.manifest.v1+json");
      Json layer = JsonText.read(manifest.body()).at("layers").items().getFirst();
      String blob = "blobs/" + layer.at("digest").text();
      byte[] all = get(client, registry, blob, "").body();
      assertThat(all).hasSize((int) layer.at("size").number());
      HttpResponse<byte[]> part = get(client, registry, blob, "bytes=3-9");
      assertThat(part.statusCode()).isEqualTo(206);
      assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(all, 3, 10));
      assertThat(part.headers().firstValue("Content-Range")).contains("bytes 3-9/" + all.length);
      assertThat(get(client, registry, "blobs/sha256:" + "0".repeat(64), "").statusCode())
          .isEqualTo(404);
      assertThat(get(client, registry, "blobs/..", "").statusCode()).isEqualTo(404);
    }
  }

  private static HttpResponse<byte[]> get(
      HttpClient client, LayoutRegistry registry, String path, String range)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + registry.port() + "/v2/some/app/" + path));
    if (!range.isEmpty()) {
      request.header("Range", range);
    }
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }
}
