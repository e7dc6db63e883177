package dev.skep.image;

import dev.skep.api.SkepException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/**
 * The config blob of an image: how to run it, and what its layers are uncompressed.
 *
 * @param json all of it
 */
record ImageDocument(ImageConfig config, List<Digest> diffIds, JsonNode json) {
  static ImageDocument parse(byte[] document, Platform wanted) {
    JsonNode json = Json.object(document, "image config");
    Platform platform =
        new Platform(
            orElse(Json.text(json, "os"), wanted.os()),
            orElse(Json.text(json, "architecture"), wanted.architecture()));
    if (!platform.equals(wanted)) {
      throw new SkepException(
          SkepException.Code.UNSUPPORTED,
          "it is made for %s; this host needs %s"
              .formatted(Printable.of(platform.toString()), wanted));
    }
    JsonNode run = json.path("config");
    ImageConfig config =
        new ImageConfig(
            Json.strings(run.path("Entrypoint"), "image config: Entrypoint"),
            Json.strings(run.path("Cmd"), "image config: Cmd"),
            env(run),
            Json.text(run, "User"),
            Json.text(run, "WorkingDir"),
            port(run),
            platform.architecture());
    List<Digest> diffIds =
        Json.strings(json.path("rootfs").path("diff_ids"), "image config: diff_ids").stream()
            .map(Digest::parse)
            .toList();
    return new ImageDocument(config, diffIds, json);
  }

  private static String orElse(String text, String otherwise) {
    return text.isEmpty() ? otherwise : text;
  }

  private static Map<String, String> env(JsonNode run) {
    Map<String, String> env = new LinkedHashMap<>();
    for (String pair : Json.strings(run.path("Env"), "image config: Env")) {
      int equals = pair.indexOf('=');
      env.put(
          equals < 0 ? pair : pair.substring(0, equals),
          equals < 0 ? "" : pair.substring(equals + 1));
    }
    return env;
  }

  private static Optional<Integer> port(JsonNode run) {
    return StreamSupport.stream(
            ((Iterable<String>) () -> run.path("ExposedPorts").propertyNames().iterator())
                .spliterator(),
            false)
        .flatMap(exposed -> tcpPort(exposed).stream())
        .min(Integer::compare);
  }

  private static Optional<Integer> tcpPort(String exposed) {
    String number = exposed.endsWith("/tcp") ? exposed.substring(0, exposed.length() - 4) : exposed;
    if (!number.matches("\\d{1,5}")) {
      return Optional.empty();
    }
    int port = Integer.parseInt(number);
    return port > 0 && port < 65536 ? Optional.of(port) : Optional.empty();
  }
}
