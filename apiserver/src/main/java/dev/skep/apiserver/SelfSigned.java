package dev.skep.apiserver;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes certificates of servers here: each signs itself, so that clients can trust it and nothing
 * else.
 */
public final class SelfSigned {
  private static final byte[] ECDSA_WITH_SHA256 = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
  private static final Duration VALID = Duration.ofDays(3650);

  /** A certificate and the key that it speaks for. */
  public record Identity(X509Certificate certificate, PrivateKey key) {}

  private SelfSigned() {}

  /**
   * Also for {@code localhost} and the loopback addresses.
   *
   * @param name of the subject
   * @param hosts names that it is good for; {@code *} may stand for a first label
   * @param address that it is good for
   */
  public static Identity create(String name, List<String> hosts, InetAddress address, Clock clock)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    byte[] body = body(pair.getPublic(), name, extensions(hosts, address), clock.instant());
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(body);
    byte[] encoded = Der.sequence(body, ECDSA_WITH_SHA256, Der.bits(signature.sign(), 0));
    return new Identity(parse(encoded), pair.getPrivate());
  }

  static X509Certificate parse(byte[] encoded) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(encoded));
  }

  private static byte[] body(PublicKey key, String subject, byte[] extensions, Instant now) {
    byte[] serial = new byte[16];
    new SecureRandom().nextBytes(serial);
    serial[0] = (byte) ((serial[0] & 0x7f) | 0x40);
    byte[] name = Der.sequence(Der.set(Der.sequence(Der.oid("2.5.4.3"), Der.utf8(subject))));
    byte[] validity =
        Der.sequence(Der.time(now.minus(Duration.ofHours(1))), Der.time(now.plus(VALID)));
    return Der.sequence(
        Der.tagged(0, Der.integer((byte) 2)),
        Der.integer(serial),
        ECDSA_WITH_SHA256,
        name,
        validity,
        name,
        key.getEncoded(),
        Der.tagged(3, extensions));
  }

  private static byte[] extensions(List<String> hosts, InetAddress address) {
    Stream<byte[]> hostNames =
        Stream.concat(Stream.of("localhost"), hosts.stream())
            .map(host -> Der.implicit(2, host.getBytes(StandardCharsets.US_ASCII)));
    Stream<byte[]> addresses =
        Stream.of(new byte[] {127, 0, 0, 1}, ipv6Loopback(), address.getAddress())
            .map(each -> Der.implicit(7, each));
    byte[] names = Der.sequence(Stream.concat(hostNames, addresses).toArray(byte[][]::new));
    byte[] signsAndServes = {(byte) 0b1000_0100}; // digitalSignature, keyCertSign
    return Der.sequence(
        extension("2.5.29.19", true, Der.sequence(Der.bool(true))), // basicConstraints: CA
        extension("2.5.29.15", true, Der.bits(signsAndServes, 2)), // keyUsage
        extension("2.5.29.37", false, Der.sequence(Der.oid("1.3.6.1.5.5.7.3.1"))), // serverAuth
        extension("2.5.29.17", false, names)); // subjectAltName
  }

  private static byte[] ipv6Loopback() {
    byte[] address = new byte[16];
    address[15] = 1;
    return address;
  }

  private static byte[] extension(String oid, boolean critical, byte[] value) {
    return critical
        ? Der.sequence(Der.oid(oid), Der.bool(true), Der.octets(value))
        : Der.sequence(Der.oid(oid), Der.octets(value));
  }
}
