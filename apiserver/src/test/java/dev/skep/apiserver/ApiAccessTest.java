package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiAccessTest extends ApiTest {
  @Test
  void letsInWhoHasTheToken() throws Exception {
    assertThat(api.get("/version").at("/skepVersion")).isEqualTo("1.2.3");
  }

  @Test
  void refusesAWrongTokenAndNoneWithoutRepeatingIt() throws Exception {
    HttpRequest.Builder wrong =
        api.request(RunningApi.SERVICES).setHeader("Authorization", "Bearer s3cr3t");
    RunningApi.Answer refused = api.send(wrong);
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.at("/kind")).isEqualTo("Status");
    assertThat(refused.at("/reason")).isEqualTo("Unauthorized");
    assertThat(refused.json().toString()).doesNotContain("s3cr3t");
    HttpRequest.Builder none = HttpRequest.newBuilder(api.request("/metrics").build().uri());
    assertThat(api.send(none).status()).isEqualTo(401);
  }

  @Test
  void tellsAnybodyWhetherItIsWell() throws Exception {
    for (String path : new String[] {"/healthz", "/livez", "/readyz"}) {
      HttpRequest.Builder none = HttpRequest.newBuilder(api.request(path).build().uri());
      assertThat(api.send(none).status()).as(path).isEqualTo(200);
    }
    api.ready.set(false);
    assertThat(api.get("/readyz").status()).isEqualTo(503);
    assertThat(api.get("/healthz").status()).isEqualTo(200);
  }

  @Test
  void isTrustedOnlyByWhoHasItsCertificate() {
    try (var stranger = HttpClient.newHttpClient()) {
      assertThatThrownBy(
              () ->
                  stranger.send(
                      api.request("/version").build(),
                      java.net.http.HttpResponse.BodyHandlers.discarding()))
          .hasMessageContaining("certification path");
    }
  }

  @Test
  void servesTheSameOnAUnixSocketWithoutAToken() throws Exception {
    try (var unix = new UnixCall(api.server.socket())) {
      assertThat(unix.send("POST", RunningApi.SERVICES, RunningApi.service("a")))
          .startsWith("HTTP/1.1 201");
      assertThat(unix.send("GET", RunningApi.SERVICES + "/a", "")).contains("\"name\":\"a\"");
    }
  }

  @Test
  void keepsItsSecretsToItsOwner() throws Exception {
    for (String file : new String[] {"api.key", "api.token", "kubeconfig", "api.sock"}) {
      String mode =
          PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve(file)));
      assertThat(mode).as(file).isEqualTo("rw-------");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
        .isEqualTo("rwx------");
  }

  @Test
  void keepsCertificateAndTokenAcrossARestart() throws Exception {
    String kubeconfig = Files.readString(api.server.kubeconfig());
    assertThat(kubeconfig).contains("server: https://127.0.0.1:" + api.server.port());
    api.close();
    var certificate =
        Credentials.ensure(state, InetAddress.getLoopbackAddress(), Clock.systemUTC());
    api = new RunningApi(state);
    assertThat(Files.readString(api.server.kubeconfig()))
        .contains(certificate.token())
        .isEqualTo(kubeconfig.replaceAll("127.0.0.1:\\d+", "127.0.0.1:" + api.server.port()));
    assertThat(certificate).asString().doesNotContain(certificate.token());
  }

  @Test
  void renewsACertificateThatEndsSoonOrIsForAnotherAddress() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    var now = Credentials.ensure(state, loopback, Clock.systemUTC()).certificate();
    Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(3640));
    var renewed = Credentials.ensure(state, loopback, later).certificate();
    assertThat(renewed).isNotEqualTo(now);
    assertThat(Credentials.ensure(state, loopback, later).certificate()).isEqualTo(renewed);
    InetAddress other = InetAddress.getByName("192.0.2.7");
    assertThat(Credentials.ensure(state, other, later).certificate()).isNotEqualTo(renewed);
  }

  @Test
  void saysWhenItsPortIsTaken(@TempDir Path other) {
    assertThatThrownBy(() -> startAnother(other, api.server.port()))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(":" + api.server.port())
        .hasMessageContaining("in use");
  }

  @Test
  void saysWhenTheStateFolderIsTooDeepForASocket() {
    Path deep = state.resolve("x".repeat(100));
    assertThatThrownBy(() -> startAnother(deep, 0)).hasMessageContaining("at most 107");
  }

  private void startAnother(Path folder, int port) {
    ApiServer.start(
        new ApiOptions(folder, InetAddress.getLoopbackAddress(), port, "1"), api.parts());
  }
}
