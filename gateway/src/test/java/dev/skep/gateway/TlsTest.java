package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.RevisionKey;
import dev.skep.control.RouteTable;
import dev.skep.control.ServerCertificate;
import dev.skep.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TLS of clients: which certificate they see, what they may speak, what functions learn of it. */
class TlsTest {
  private static final TestCertificate FALLBACK = TestCertificate.of("EC", "localhost");
  private static final TestCertificate SHOP = TestCertificate.of("RSA", "shop.example.com");
  private static final TestCertificate BLOG = TestCertificate.of("EC", "blog.example.com");
  private static final RevisionKey KEY = Harness.KEY;
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Believes everybody: the tests look at certificates themselves. */
  private static final class Credulous extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private final Gateway gateway =
      new Gateway(
          GatewayConfig.listeningOn(ANY)
              .withTls(Optional.of(new GatewayConfig.Tls(ANY, server(FALLBACK))))
              .withDrain(Duration.ofMillis(100)),
          new Harness.News());
  private final Origin origin =
      new Origin(
          exchange ->
              Origin.answer(
                  exchange,
                  200,
                  exchange.getRequestHeaders().getFirst("Host")
                      + " "
                      + exchange.getRequestHeaders().getFirst("X-Forwarded-Proto")
                      + " "
                      + exchange.getRequestHeaders().getFirst("Forwarded")));

  TlsTest() {
    gateway.revision(Harness.traffic());
    gateway.endpoints(KEY, List.of(Harness.endpoint("i-0", origin.port())));
    certificates(Map.of("shop.example.com", server(SHOP), "blog.example.com", server(BLOG)));
    gateway.start();
  }

  @AfterEach
  void close() {
    gateway.close();
    origin.close();
  }

  private static ServerCertificate server(TestCertificate made) {
    return new ServerCertificate(List.of(made.certificate()), made.key());
  }

  private void certificates(Map<String, ServerCertificate> byHost) {
    var route = new RouteTable.Route(List.of(new RouteTable.Target(KEY, 100)));
    gateway.routes(
        new RouteTable(
            Map.of("shop.example.com", route, "blog.example.com", route, "localhost", route),
            byHost));
  }

  private static SSLContext credulous() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Credulous()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A connection after its handshake. */
  private SSLSocket connect(String host, String... protocols) throws IOException {
    var socket =
        (SSLSocket)
            credulous()
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), gateway.tlsPort());
    socket.setSoTimeout(10_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(host.isEmpty() ? List.of() : List.of(new SNIHostName(host)));
    parameters.setApplicationProtocols(protocols);
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private X509Certificate certificateFor(String host) throws IOException {
    try (SSLSocket socket = connect(host)) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  @Test
  void showsTheCertificateOfTheNameThatIsAskedFor() throws Exception {
    assertThat(certificateFor("shop.example.com")).isEqualTo(SHOP.certificate());
    assertThat(certificateFor("BLOG.example.com")).isEqualTo(BLOG.certificate());
    assertThat(certificateFor("unknown.example.com")).isEqualTo(FALLBACK.certificate());
    assertThat(certificateFor("")).isEqualTo(FALLBACK.certificate());
  }

  @Test
  void followsARenewalWhileConnectionsGoOn() throws Exception {
    try (SSLSocket before = connect("shop.example.com")) {
      TestCertificate renewed = TestCertificate.of("EC", "shop.example.com");
      certificates(Map.of("shop.example.com", server(renewed)));
      assertThat(certificateFor("shop.example.com")).isEqualTo(renewed.certificate());
      assertThat(certificateFor("blog.example.com")).isEqualTo(FALLBACK.certificate());
      assertThat(get(before, "shop.example.com")).contains("200 OK");
    }
  }

  private static String get(SSLSocket socket, String host) throws IOException {
    String request = "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
  }

  @Test
  void tellsFunctionsWhatTheirClientsSpoke() throws Exception {
    try (SSLSocket socket = connect("shop.example.com")) {
      assertThat(get(socket, "shop.example.com"))
          .endsWith("shop.example.com https for=127.0.0.1;host=\"shop.example.com\";proto=https");
    }
  }

  @Test
  void speaksWhatAlpnHasChosen() throws Exception {
    try (SSLSocket socket = connect("shop.example.com", "h2", "http/1.1")) {
      assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
    }
    try (SSLSocket socket = connect("shop.example.com", "http/1.1")) {
      assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
    }
    for (HttpClient.Version version : HttpClient.Version.values()) {
      if (version.name().equals("HTTP_3")) {
        continue;
      }
      try (HttpClient client =
          HttpClient.newBuilder().version(version).sslContext(credulous()).build()) {
        HttpResponse<String> answer =
            answer(client, "https://localhost:" + gateway.tlsPort() + "/");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.body()).contains("proto=https");
      }
    }
  }

  @Test
  void answersABadRequestInTlsToo() throws Exception {
    try (SSLSocket socket = connect("shop.example.com")) {
      String answer = get(socket, "not a host");
      assertThat(answer).contains("400 Bad Request");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
  void carriesLargeBodiesBothWays(HttpClient.Version version) throws Exception {
    byte[] body = new byte[8 << 20];
    new Random(1).nextBytes(body);
    try (Origin echo =
            new Origin(
                exchange -> {
                  byte[] read = exchange.getRequestBody().readAllBytes();
                  exchange.sendResponseHeaders(200, read.length);
                  exchange.getResponseBody().write(read);
                });
        HttpClient client =
            HttpClient.newBuilder().version(version).sslContext(credulous()).build()) {
      gateway.endpoints(KEY, List.of(Harness.endpoint("i-0", echo.port())));
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("https://localhost:" + gateway.tlsPort() + "/"))
              .POST(HttpRequest.BodyPublishers.ofByteArray(body))
              .timeout(Duration.ofSeconds(60))
              .build();
      assertThat(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body())
          .isEqualTo(body);
    }
  }

  @Test
  void carriesUpgradedConnections() throws Exception {
    try (WireOrigin echo =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send(
                      "HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nConnection: Upgrade\n\n");
                  wire.sendRaw(wire.bytes(4).toUpperCase(Locale.ROOT));
                });
        SSLSocket socket = connect("shop.example.com")) {
      gateway.endpoints(KEY, List.of(Harness.endpoint("i-0", echo.port())));
      String head =
          "GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      var answer = new StringBuilder();
      while (answer.indexOf("\r\n\r\n") < 0) {
        answer.append((char) socket.getInputStream().read());
      }
      assertThat(answer).startsWith("HTTP/1.1 101");
      socket.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(4), StandardCharsets.US_ASCII))
          .isEqualTo("PING");
    }
  }

  @Test
  void sendsPlainRequestsToTlsWhereThatIsAskedFor() throws Exception {
    var targets = List.of(new RouteTable.Target(KEY, 100));
    String https = "https://localhost:" + gateway.tlsPort();
    gateway.routes(new RouteTable(Map.of("localhost", new RouteTable.Route(targets, https))));
    try (HttpClient client = HttpClient.newBuilder().sslContext(credulous()).build()) {
      HttpResponse<String> plain = answer(client, "http://localhost:" + gateway.port() + "/p?q=1");
      assertThat(plain.statusCode()).isEqualTo(301);
      assertThat(plain.headers().firstValue("location")).contains(https + "/p?q=1");
      assertThat(answer(client, https + "/p?q=1").statusCode()).isEqualTo(200);
    }
  }

  private static HttpResponse<String> answer(HttpClient client, String url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void isNoPortForPlainHttp() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://localhost:" + gateway.tlsPort() + "/");
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
      assertThatThrownBy(() -> client.send(request, HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
    }
    assertThat(certificateFor("shop.example.com")).isEqualTo(SHOP.certificate());
  }
}
