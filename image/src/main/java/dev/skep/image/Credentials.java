package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** User and password for one registry. */
record Credentials(String user, String password) {
  /** For a Basic {@code Authorization} header. */
  String basic() {
    byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  /** Never shows the password. */
  @Override
  public String toString() {
    return "credentials of " + user;
  }

  /** Those that {@code docker login} left in the file, read anew each time; helpers are not run. */
  static Optional<Credentials> in(Path dockerConfig, String registry) {
    if (!Files.isRegularFile(dockerConfig)) {
      return Optional.empty();
    }
    byte[] document;
    try {
      document = Files.readAllBytes(dockerConfig);
    } catch (IOException e) {
      throw FileFailure.of(dockerConfig, e);
    }
    JsonNode auths = Json.object(document, dockerConfig.toString()).path("auths");
    for (String name : names(registry)) {
      JsonNode entry = auths.path(name);
      if (!entry.isMissingNode()) {
        return of(entry, dockerConfig, name);
      }
    }
    return Optional.empty();
  }

  private static List<String> names(String registry) {
    return registry.equals("docker.io")
        ? List.of("https://index.docker.io/v1/", "index.docker.io", "docker.io")
        : List.of(
            registry, "https://" + registry, "http://" + registry, "https://" + registry + "/v2/");
  }

  private static Optional<Credentials> of(JsonNode entry, Path file, String name) {
    String auth = Json.text(entry, "auth");
    if (auth.isEmpty()) {
      String user = Json.text(entry, "username");
      return user.isEmpty()
          ? Optional.empty()
          : Optional.of(new Credentials(user, Json.text(entry, "password")));
    }
    try {
      String pair = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
      int colon = pair.indexOf(':');
      if (colon > 0) {
        return Optional.of(new Credentials(pair.substring(0, colon), pair.substring(colon + 1)));
      }
    } catch (IllegalArgumentException e) {
      throw malformed(file, name, e);
    }
    throw malformed(file, name, null);
  }

  private static SkepException malformed(
      Path file, String name, @org.jspecify.annotations.Nullable Exception cause) {
    return new SkepException(
        SkepException.Code.INVALID,
        "%s: 'auth' of %s is not 'USER:PASSWORD' in base64; run 'docker login' again"
            .formatted(file, name),
        cause);
  }
}
