package dev.skep.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.InstanceField;
import dev.skep.api.Volume;
import dev.skep.testkit.ManualClock;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class ServiceAccountTokensTest {
  private static final InstanceField.Instance POD =
      new InstanceField.Instance("hello-1", "team", "1234", "node", Map.of(), Map.of());

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();

  private static byte[] decode(String text) {
    return Base64.getUrlDecoder().decode(text);
  }

  private String issue(Optional<String> audience) {
    var wanted = new Volume.Token("token", "robot", audience, Duration.ofHours(1));
    return ServiceAccountTokens.open(folder, clock).issue(wanted, POD);
  }

  /** As somebody who has nothing but the published keys. */
  private static boolean verifies(String token, JsonNode keys) throws Exception {
    String[] parts = token.split("\\.", -1);
    JsonNode key = keys.at("/keys/0");
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    var point =
        new ECPoint(
            new BigInteger(1, decode(key.path("x").asString())),
            new BigInteger(1, decode(key.path("y").asString())));
    PublicKey publicKey =
        KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(publicKey);
    signature.update((parts[0] + "." + parts[1]).getBytes(US_ASCII));
    return signature.verify(decode(parts[2]));
  }

  @Test
  void tokensAreCheckedWithTheKeysThatThisHostKeeps() throws Exception {
    JsonNode keys = ServiceAccountTokens.open(folder, clock).keys();
    String token = issue(Optional.of("api"));
    assertThat(verifies(token, keys)).isTrue();
    assertThat(ServiceAccountTokens.open(folder, clock).keys()).isEqualTo(keys);
    assertThat(verifies(token, ServiceAccountTokens.open(other(), clock).keys().deepCopy()))
        .isFalse();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
        .isEqualTo("rw-------");
  }

  private Path keyFile() {
    return folder.resolve("tokens.key");
  }

  private Path other() throws Exception {
    return Files.createDirectory(folder.resolve("other"));
  }

  @Test
  void tokensTellWhoForWhomAndHowLong() {
    JsonNode claims = ApiJson.parse(decode(issue(Optional.of("api")).split("\\.", -1)[1]));
    assertThat(claims.path("sub").asString()).isEqualTo("system:serviceaccount:team:robot");
    assertThat(claims.at("/aud/0").asString()).isEqualTo("api");
    assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(3600);
    assertThat(claims.path("iat").asLong()).isEqualTo(clock.instant().getEpochSecond());
    assertThat(claims.path("kubernetes.io").at("/pod/name").asString()).isEqualTo("hello-1");
    JsonNode own = ApiJson.parse(decode(issue(Optional.empty()).split("\\.", -1)[1]));
    assertThat(own.at("/aud/0").asString()).isEqualTo(ServiceAccountTokens.ISSUER);
  }
}
