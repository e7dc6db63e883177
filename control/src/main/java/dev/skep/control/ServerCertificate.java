package dev.skep.control;

import dev.skep.api.SkepException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server proves its name with.
 *
 * @param chain the certificate, then those that have signed it
 * @param key that the first certificate speaks for
 */
public record ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
  /** The keys of a Secret of type {@code kubernetes.io/tls}. */
  static final String CERTIFICATE = "tls.crt";

  static final String KEY = "tls.key";

  private static final Pattern PEM_KEY =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC )?)PRIVATE KEY-----([A-Za-z0-9+/=\\s]*)-----END \\1PRIVATE KEY-----");
  private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d0101010500");
  private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");
  private static final byte[] VERSION_0 = {2, 1, 0};

  /** A larger one would hold up all connections that begin. */
  private static final int MOST_RSA_BITS = 4096;

  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;

  public ServerCertificate {
    chain = List.copyOf(chain);
  }

  /**
   * Reads PEM: certificates, and a key in PKCS #8, PKCS #1 ({@code RSA}) or SEC 1 ({@code EC}).
   *
   * @throws SkepException INVALID where one cannot be read or they do not belong together
   */
  static ServerCertificate parse(byte[] certificates, byte[] key) {
    List<X509Certificate> chain = chain(certificates);
    PublicKey speaksFor = chain.getFirst().getPublicKey();
    if (speaksFor instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() > MOST_RSA_BITS) {
      throw invalid(
          "%s: RSA of %d bits (expected: at most %d, or EC)"
              .formatted(CERTIFICATE, rsa.getModulus().bitLength(), MOST_RSA_BITS));
    }
    PrivateKey found = key(new String(key, StandardCharsets.ISO_8859_1), speaksFor);
    if (!isPair(found, speaksFor)) {
      throw invalid("%s is not the key of %s (%s)".formatted(KEY, CERTIFICATE, name(chain)));
    }
    return new ServerCertificate(chain, found);
  }

  private static List<X509Certificate> chain(byte[] pem) {
    try {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!chain.isEmpty()) {
        requireOrder(chain);
        return chain;
      }
    } catch (GeneralSecurityException e) {
      throw invalid(
          "%s: %s (expected: certificates in PEM)"
              .formatted(CERTIFICATE, String.valueOf(e.getMessage())));
    }
    throw invalid("%s: no certificate (expected: one or more in PEM)".formatted(CERTIFICATE));
  }

  private static void requireOrder(List<X509Certificate> chain) {
    for (int i = 1; i < chain.size(); i++) {
      X509Certificate signed = chain.get(i - 1);
      if (!signed.getIssuerX500Principal().equals(chain.get(i).getSubjectX500Principal())
          || chain.subList(0, i).contains(chain.get(i))) {
        throw invalid(
            "%s: certificate %d is %s (expected: that of %s, which has signed the one before)"
                .formatted(
                    CERTIFICATE,
                    i + 1,
                    chain.get(i).getSubjectX500Principal(),
                    signed.getIssuerX500Principal()));
      }
    }
  }

  private static PrivateKey key(String pem, PublicKey speaksFor) {
    Matcher found = PEM_KEY.matcher(pem);
    if (!found.find()) {
      throw invalid("%s: no key (expected: PEM that begins with BEGIN PRIVATE KEY)".formatted(KEY));
    }
    String algorithm = speaksFor.getAlgorithm();
    try {
      byte[] der = Base64.getMimeDecoder().decode(found.group(2));
      byte[] pkcs8 = found.group(1).isEmpty() ? der : pkcs8(der, speaksFor);
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      throw invalid(
          "%s: not a key that can be read (expected: one for %s, as %s has)"
              .formatted(KEY, algorithm, CERTIFICATE));
    }
  }

  /**
   * RFC 5208: the older forms are its content, without the algorithm that the certificate tells.
   */
  private static byte[] pkcs8(byte[] key, PublicKey speaksFor)
      throws GeneralSecurityException, IOException {
    byte[] algorithm = RSA;
    if (speaksFor instanceof ECPublicKey ec) {
      AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
      curve.init(ec.getParams());
      algorithm = joined(EC, curve.getEncoded());
    }
    return der(SEQUENCE, joined(VERSION_0, der(SEQUENCE, algorithm), der(OCTETS, key)));
  }

  private static byte[] der(int tag, byte[] content) {
    int size = content.length;
    byte[] head =
        size < 0x80
            ? new byte[] {(byte) tag, (byte) size}
            : new byte[] {(byte) tag, (byte) 0x82, (byte) (size >> 8), (byte) size};
    return joined(head, content);
  }

  private static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static boolean isPair(PrivateKey key, PublicKey speaksFor) {
    String algorithm =
        switch (speaksFor.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case String other -> other;
        };
    byte[] anything = {1};
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(anything);
      byte[] signed = signer.sign();
      signer.initVerify(speaksFor);
      signer.update(anything);
      return signer.verify(signed);
    } catch (GeneralSecurityException notThisKey) {
      return false;
    }
  }

  private static String name(List<X509Certificate> chain) {
    return chain.getFirst().getSubjectX500Principal().toString();
  }

  private static SkepException invalid(String message) {
    return new SkepException(SkepException.Code.INVALID, message);
  }

  @Override
  public String toString() {
    return "ServerCertificate[" + name(chain) + "]"; // no secrets in logs
  }
}
