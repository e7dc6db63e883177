package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.Names;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Users beside the administrator, in {@code <state>/users.json}: their tokens' digests and never
 * the tokens, which are random enough to need no salt. Safe for use by several threads.
 */
final class Users {
  private record Known(User user, String tokenDigest) {}

  private final Path file;
  private final TreeMap<String, Known> users = new TreeMap<>();

  private Users(Path file) {
    this.file = file;
  }

  /** Those of a state folder. Fails with INVALID where the file is not as we wrote it. */
  static Users open(Path state) {
    var users = new Users(state.resolve("users.json"));
    users.read();
    return users;
  }

  private void read() {
    if (!Files.exists(file)) {
      return;
    }
    try {
      for (JsonNode json : ApiJson.parse(Files.readAllBytes(file)).path("users")) {
        User user = user(json);
        users.put(user.name(), new Known(user, json.path("tokenSha256").asString("")));
      }
    } catch (IOException | SkepException e) {
      throw new SkepException(
          Code.INVALID, "%s: %s (expected: as skep wrote it)".formatted(file, e.getMessage()), e);
    }
  }

  /** From name, role and namespaces. Fails with INVALID and what is wrong with them. */
  static User user(JsonNode json) {
    String name = json.path("name").asString("");
    if (!Names.dns1123Subdomain(name).isEmpty() || name.equals(User.ADMIN.name())) {
      throw new SkepException(
          Code.INVALID,
          "name: \"%s\" (expected: lower case letters, digits, '-' and '.', and not admin)"
              .formatted(name));
    }
    Set<String> namespaces =
        json.path("namespaces")
            .valueStream()
            .map(namespace -> namespace.asString(""))
            .collect(Collectors.toSet());
    return new User(name, role(json.path("role").asString("")), namespaces);
  }

  private static Role role(String text) {
    return Arrays.stream(Role.values())
        .filter(role -> role.toString().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new SkepException(
                    Code.INVALID,
                    "role: \"%s\" (expected: admin, deployer or viewer)".formatted(text)));
  }

  synchronized List<User> list() {
    return users.values().stream().map(Known::user).toList();
  }

  /** Gives the token: it is kept nowhere. Fails with ALREADY_EXISTS. */
  synchronized String add(User user) {
    if (users.containsKey(user.name())) {
      throw new SkepException(
          Code.ALREADY_EXISTS, "users \"%s\" already exists".formatted(user.name()));
    }
    String token = Credentials.randomToken();
    users.put(user.name(), new Known(user, digest(token)));
    write();
    return token;
  }

  /** Fails with NOT_FOUND. */
  synchronized void remove(String name) {
    if (users.remove(name) == null) {
      throw new SkepException(Code.NOT_FOUND, "users \"%s\" not found".formatted(name));
    }
    write();
  }

  synchronized Optional<User> withToken(String token) {
    String digest = digest(token);
    return users.values().stream()
        .filter(known -> known.tokenDigest.equals(digest))
        .map(Known::user)
        .findFirst();
  }

  private void write() {
    ObjectNode json = ApiJson.object();
    ArrayNode list = json.putArray("users");
    users
        .values()
        .forEach(known -> list.add(json(known.user).put("tokenSha256", known.tokenDigest)));
    try {
      PrivateFile.write(file, json.toPrettyString());
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  static ObjectNode json(User user) {
    ObjectNode json = ApiJson.object();
    json.put("name", user.name()).put("role", user.role().toString());
    ArrayNode namespaces = json.putArray("namespaces");
    user.namespaces().stream().sorted().forEach(namespaces::add);
    return json;
  }

  private static String digest(String token) {
    try {
      byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
