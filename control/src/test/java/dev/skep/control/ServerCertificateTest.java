package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.testkit.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class ServerCertificateTest {
  private static final TestCertificate RSA = TestCertificate.of("RSA", "a.example.com");
  private static final TestCertificate EC = TestCertificate.of("EC", "b.example.com");

  /** Bytes of PKCS #8 before the key itself, for 2048 bits of RSA and the curve P-256. */
  private static final int RSA_HEAD = 26;

  private static final int EC_HEAD = 28;

  private static ServerCertificate parse(String certificates, String key) {
    return ServerCertificate.parse(
        certificates.getBytes(StandardCharsets.US_ASCII), key.getBytes(StandardCharsets.US_ASCII));
  }

  private static String inner(TestCertificate of, int head, String what) {
    byte[] pkcs8 = of.key().getEncoded();
    return TestCertificate.pem(what, Arrays.copyOfRange(pkcs8, head, pkcs8.length));
  }

  @Test
  void readsWhatToolsWrite() {
    assertThat(parse(RSA.certificatePem(), RSA.keyPem()).key()).isEqualTo(RSA.key());
    assertThat(parse(EC.certificatePem(), EC.keyPem()).key()).isEqualTo(EC.key());
    assertThat(parse(RSA.certificatePem(), inner(RSA, RSA_HEAD, "RSA PRIVATE KEY")).key())
        .isEqualTo(RSA.key());
    String parameters = TestCertificate.pem("EC PARAMETERS", new byte[] {6, 0});
    String sec1 = parameters + inner(EC, EC_HEAD, "EC PRIVATE KEY");
    assertThat(parse(EC.certificatePem(), sec1).key()).isEqualTo(EC.key());
  }

  @Test
  void tellsNoSecrets() {
    assertThat(parse(RSA.certificatePem(), RSA.keyPem()))
        .hasToString("ServerCertificate[CN=a.example.com]");
  }

  @Test
  void saysWhatIsWrong() {
    refused(
        RSA.certificatePem(),
        EC.keyPem(),
        "tls.key: not a key that can be read (expected: one for RSA, as tls.crt has)");
    String other = TestCertificate.of("RSA", "other").keyPem();
    refused(RSA.certificatePem(), other, "tls.key is not the key of tls.crt (CN=a.example.com)");
    refused(
        RSA.certificatePem(),
        "",
        "tls.key: no key (expected: PEM that begins with BEGIN PRIVATE KEY)");
    refused(
        RSA.certificatePem() + EC.certificatePem(),
        RSA.keyPem(),
        "tls.crt: certificate 2 is CN=b.example.com (expected: that of CN=a.example.com, which has"
            + " signed the one before)");
    refused("", RSA.keyPem(), "tls.crt: no certificate (expected: one or more in PEM)");
    assertThatThrownBy(
            () -> parse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", ""))
        .isInstanceOf(SkepException.class)
        .hasMessageStartingWith("tls.crt: ")
        .hasMessageEndingWith(" (expected: certificates in PEM)");
  }

  private static void refused(String certificates, String key, String message) {
    assertThatThrownBy(() -> parse(certificates, key))
        .isInstanceOf(SkepException.class)
        .hasMessage(message);
  }
}
