package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * How clients and server know each other: certificate, key and token, kept in the state folder so
 * that a kubeconfig outlives a restart.
 */
record Credentials(X509Certificate certificate, PrivateKey key, String token) {
  private static final Duration RENEW_BEFORE_END = Duration.ofDays(30);
  private static final int TOKEN_BYTES = 32;

  /** What was kept, or new ones where there are none or they are no longer good. */
  static Credentials ensure(Path state, InetAddress address, Clock clock) {
    try {
      Path certificateFile = state.resolve("api.crt");
      Path keyFile = state.resolve("api.key");
      if (!Files.exists(certificateFile) || !Files.exists(keyFile)) {
        create(certificateFile, keyFile, address, clock);
      }
      Credentials credentials = read(certificateFile, keyFile, token(state));
      if (credentials.isFor(address, clock)) {
        return credentials;
      }
      create(certificateFile, keyFile, address, clock);
      return read(certificateFile, keyFile, credentials.token());
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new SkepException(
          Code.INTERNAL,
          "certificate and key of the API in %s: %s (delete api.crt and api.key to have new ones made)"
              .formatted(state, e),
          e);
    }
  }

  private static void create(Path certificateFile, Path keyFile, InetAddress address, Clock clock)
      throws IOException, GeneralSecurityException {
    SelfSigned.Identity identity = SelfSigned.create("skep-api", List.of(), address, clock);
    PrivateFile.write(keyFile, pem("PRIVATE KEY", identity.key().getEncoded()));
    PrivateFile.write(certificateFile, pem("CERTIFICATE", identity.certificate().getEncoded()));
  }

  private static Credentials read(Path certificateFile, Path keyFile, String token)
      throws IOException, GeneralSecurityException {
    var key = new PKCS8EncodedKeySpec(unPem(Files.readString(keyFile)));
    return new Credentials(
        SelfSigned.parse(unPem(Files.readString(certificateFile))),
        KeyFactory.getInstance("EC").generatePrivate(key),
        token);
  }

  private boolean isFor(InetAddress address, Clock clock) throws GeneralSecurityException {
    Instant needed = clock.instant().plus(RENEW_BEFORE_END);
    boolean named =
        certificate.getSubjectAlternativeNames().stream()
            .anyMatch(name -> address.getHostAddress().equals(name.get(1)));
    return named && certificate.getNotAfter().toInstant().isAfter(needed);
  }

  private static String token(Path state) throws IOException {
    Path file = state.resolve("api.token");
    if (Files.exists(file)) {
      String kept = Files.readString(file).strip();
      if (kept.length() >= TOKEN_BYTES) {
        return kept;
      }
    }
    String token = randomToken();
    PrivateFile.write(file, token + "\n");
    return token;
  }

  static String randomToken() {
    byte[] random = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /** Writes the file that kubectl, kn and client libraries read. */
  void writeKubeconfig(Path file, InetAddress address, int port) throws IOException {
    PrivateFile.write(file, kubeconfig(address, port));
  }

  private String kubeconfig(InetAddress address, int port) throws IOException {
    String host = address.getHostAddress();
    String shown = host.contains(":") ? "[" + host + "]" : host;
    try {
      String authority =
          Base64.getEncoder()
              .encodeToString(
                  pem("CERTIFICATE", certificate.getEncoded()).getBytes(StandardCharsets.US_ASCII));
      return """
          apiVersion: v1
          kind: Config
          current-context: skep
          clusters:
          - name: skep
            cluster:
              server: https://%s:%d
              certificate-authority-data: %s
          contexts:
          - name: skep
            context:
              cluster: skep
              user: skep
              namespace: default
          users:
          - name: skep
            user:
              token: %s
          """
          .formatted(shown, port, authority, token);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String pem(String what, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(what, body, what);
  }

  private static byte[] unPem(String pem) {
    return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
  }

  @Override
  public String toString() {
    return "Credentials[" + certificate.getSubjectX500Principal() + "]"; // no secrets in logs
  }
}
