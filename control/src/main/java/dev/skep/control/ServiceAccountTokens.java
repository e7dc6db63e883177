package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.InstanceField;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.api.Volume;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who a function is, for others to check: web tokens (RFC 7519, ES256) of its service account with
 * the claims of Kubernetes, signed with a key that this host keeps. Safe for use by several
 * threads.
 */
public final class ServiceAccountTokens {
  /** As Kubernetes names itself where nobody says otherwise. */
  public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final int COORDINATE_BYTES = 32;

  private final PrivateKey key;
  private final ECPublicKey publicKey;
  private final String keyId;
  private final InstantSource clock;

  private ServiceAccountTokens(PrivateKey key, ECPublicKey publicKey, InstantSource clock)
      throws GeneralSecurityException {
    this.key = key;
    this.publicKey = publicKey;
    this.clock = clock;
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(publicKey.getEncoded());
    this.keyId = BASE64.encodeToString(digest);
  }

  /**
   * With the key of a state folder, {@code tokens.key}; one is made where there is none.
   *
   * @throws SkepException INTERNAL where it cannot be read
   */
  public static ServiceAccountTokens open(Path state, InstantSource clock) {
    Path file = state.resolve("tokens.key");
    try {
      if (!Files.exists(file)) {
        create(file);
      }
      List<String> lines = Files.readAllLines(file);
      Base64.Decoder base64 = Base64.getDecoder();
      KeyFactory keys = KeyFactory.getInstance("EC");
      return new ServiceAccountTokens(
          keys.generatePrivate(new PKCS8EncodedKeySpec(base64.decode(lines.getFirst()))),
          (ECPublicKey) keys.generatePublic(new X509EncodedKeySpec(base64.decode(lines.getLast()))),
          clock);
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new SkepException(
          Code.INTERNAL,
          "%s: %s (expected: the key of service accounts; delete it to have a new one made)"
              .formatted(file, e),
          e);
    }
  }

  private static void create(Path file) throws IOException, GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    Base64.Encoder base64 = Base64.getEncoder();
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), ".tokens", "", ownerOnly);
    Files.write(
        draft,
        List.of(
            base64.encodeToString(pair.getPrivate().getEncoded()),
            base64.encodeToString(pair.getPublic().getEncoded())));
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** One for an instance or pod. */
  public String issue(Volume.Token wanted, InstanceField.Instance owner) {
    long now = clock.instant().getEpochSecond();
    ObjectNode claims = ApiJson.object();
    claims.putArray("aud").add(wanted.audience().orElse(ISSUER));
    claims.put("exp", now + wanted.lifetime().toSeconds()).put("iat", now).put("nbf", now);
    claims.put("iss", ISSUER);
    claims.put("sub", "system:serviceaccount:" + owner.namespace() + ":" + wanted.account());
    ObjectNode about = claims.putObject("kubernetes.io").put("namespace", owner.namespace());
    about.putObject("pod").put("name", owner.name()).put("uid", owner.uid());
    about.putObject("serviceaccount").put("name", wanted.account());
    ObjectNode header = ApiJson.object().put("alg", "ES256").put("kid", keyId);
    String signed = encode(header) + "." + encode(claims);
    return signed + "." + BASE64.encodeToString(sign(signed));
  }

  private static String encode(JsonNode node) {
    return BASE64.encodeToString(ApiJson.bytes(node));
  }

  private byte[] sign(String text) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key);
      signature.update(text.getBytes(StandardCharsets.US_ASCII));
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new SkepException(Code.INTERNAL, "a token could not be signed: " + e, e);
    }
  }

  /** The keys by which others check them, as a set (RFC 7517). */
  public ObjectNode keys() {
    ObjectNode set = ApiJson.object();
    set.putArray("keys")
        .addObject()
        .put("use", "sig")
        .put("kty", "EC")
        .put("kid", keyId)
        .put("crv", "P-256")
        .put("alg", "ES256")
        .put("x", coordinate(publicKey.getW().getAffineX()))
        .put("y", coordinate(publicKey.getW().getAffineY()));
    return set;
  }

  /** Without a sign, of full length. */
  private static String coordinate(BigInteger number) {
    byte[] bytes = number.toByteArray();
    byte[] fixed = new byte[COORDINATE_BYTES];
    int length = Math.min(bytes.length, COORDINATE_BYTES);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE_BYTES - length, length);
    return BASE64.encodeToString(fixed);
  }
}
