package dev.skep.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Checks the volumes of a pod and where they are mounted ({@code k8s_validation.go} of Knative).
 */
final class VolumeValidation {
  private static final List<String> KINDS =
      List.of(
          "configMap", "secret", "projected", "downwardAPI", "emptyDir", "persistentVolumeClaim");

  /** Sources whose volumes can be written to. */
  static final Set<String> WRITABLE = Set.of("emptyDir", "persistentVolumeClaim");

  private static final Pattern RESERVED = Pattern.compile("/|/(proc|sys|dev)(/.*)?");
  private static final Pattern RELATIVE = Pattern.compile("(?!/)(?!(.*/)?\\.\\.(/|$)).+");
  private static final int MOST_PERMISSIONS = 0777;
  private static final int SHORTEST_TOKEN_SECONDS = 600;

  private VolumeValidation() {}

  /**
   * @param spec of a pod
   * @param path of the spec
   */
  static void check(JsonNode spec, String path, FieldErrors errors) {
    Map<String, JsonNode> volumes = new HashMap<>();
    for (int i = 0; i < spec.path("volumes").size(); i++) {
      JsonNode volume = spec.path("volumes").get(i);
      String at = "%s.volumes[%d]".formatted(path, i);
      String name = volume.path("name").asString("");
      name(name, at + ".name", errors);
      if (volumes.put(name, volume) != null) {
        errors.add("duplicate volume name \"%s\"".formatted(name), "", at + ".name");
      }
      volume(volume, at, errors);
    }
    for (int i = 0; i < spec.path("containers").size(); i++) {
      String at = "%s.containers[%d].volumeMounts".formatted(path, i);
      mounts(spec.path("containers").get(i).path("volumeMounts"), volumes, at, errors);
    }
  }

  /** Knative, unlike Kubernetes, wants each volume mounted. */
  static void unmounted(JsonNode spec, String path, FieldErrors errors) {
    var mounted = new HashSet<String>();
    for (JsonNode container : spec.path("containers")) {
      container.path("volumeMounts").forEach(mount -> mounted.add(mount.path("name").asString("")));
    }
    for (int i = 0; i < spec.path("volumes").size(); i++) {
      String name = spec.path("volumes").get(i).path("name").asString("");
      if (!mounted.contains(name)) {
        errors.add(
            "volume with name \"%s\" not mounted".formatted(name),
            "",
            "%s.volumes[%d].name".formatted(path, i));
      }
    }
  }

  private static void name(String name, String path, FieldErrors errors) {
    if (name.isEmpty()) {
      errors.missing(path);
    } else {
      Names.dns1123Label(name).forEach(problem -> errors.invalid(name, path, problem));
    }
  }

  private static void volume(JsonNode volume, String path, FieldErrors errors) {
    List<String> found = KINDS.stream().filter(volume::has).toList();
    if (found.size() != 1) {
      errors.exactlyOne(
          found.isEmpty() ? "neither" : "both",
          (found.isEmpty() ? KINDS : found).stream().map(kind -> path + "." + kind).toList());
      return;
    }
    String kind = found.getFirst();
    JsonNode source = volume.path(kind);
    String at = path + "." + kind;
    switch (kind) {
      case "emptyDir" -> empty(source, at, errors);
      case "persistentVolumeClaim" ->
          object(source.path("claimName").asString(""), at + ".claimName", errors);
      case "projected" -> {
        for (int i = 0; i < source.path("sources").size(); i++) {
          projected(source.path("sources").get(i), "%s.sources[%d]".formatted(at, i), errors);
        }
      }
      case "secret" -> {
        object(source.path("secretName").asString(""), at + ".secretName", errors);
        items(source, at, errors);
      }
      default -> projection(volume, path, errors);
    }
    mode(source.path("defaultMode"), at + ".defaultMode", errors);
  }

  private static void empty(JsonNode source, String path, FieldErrors errors) {
    String medium = source.path("medium").asString("");
    if (!medium.isEmpty() && !medium.equals("Memory")) {
      errors.invalid(medium, path + ".medium", "expected Memory, or nothing, which is the same");
    }
    JsonNode limit = source.path("sizeLimit");
    if (!ServiceTemplates.isAbsent(limit)) {
      Optional<Quantity> amount = Quantity.tryParse(limit.asString(""));
      if (amount.isEmpty() || amount.get().value().signum() <= 0) {
        errors.invalid(limit.asString(""), path + ".sizeLimit", "expected more than 0");
      }
    }
  }

  private static void projected(JsonNode source, String path, FieldErrors errors) {
    if (source.size() != 1 || !source.has("serviceAccountToken")) {
      projection(source, path, errors);
      return;
    }
    JsonNode token = source.path("serviceAccountToken");
    String at = path + ".serviceAccountToken";
    relative(token.path("path").asString(""), at + ".path", errors);
    long seconds = token.path("expirationSeconds").asLong(SHORTEST_TOKEN_SECONDS);
    if (seconds < SHORTEST_TOKEN_SECONDS) {
      errors.invalid(
          seconds, at + ".expirationSeconds", "may not specify a duration less than 10 minutes");
    }
  }

  private static void projection(JsonNode source, String path, FieldErrors errors) {
    List<String> found =
        List.of("configMap", "secret", "downwardAPI").stream().filter(source::has).toList();
    if (found.size() != 1) {
      errors.exactlyOne(
          found.isEmpty() ? "neither" : "both",
          List.of(path + ".configMap", path + ".secret", path + ".downwardAPI"));
    }
    for (String kind : found) {
      JsonNode from = source.path(kind);
      if (kind.equals("downwardAPI")) {
        downward(from.path("items"), path + ".downwardAPI.items", errors);
      } else {
        object(from.path("name").asString(""), "%s.%s.name".formatted(path, kind), errors);
        items(from, path + "." + kind, errors);
      }
    }
  }

  private static void object(String name, String path, FieldErrors errors) {
    if (name.isEmpty()) {
      errors.missing(path);
    } else {
      Names.dns1123Subdomain(name).forEach(problem -> errors.invalid(name, path, problem));
    }
  }

  private static void items(JsonNode source, String path, FieldErrors errors) {
    for (int i = 0; i < source.path("items").size(); i++) {
      JsonNode item = source.path("items").get(i);
      String at = "%s.items[%d]".formatted(path, i);
      if (item.path("key").asString("").isEmpty()) {
        errors.missing(at + ".key");
      }
      relative(item.path("path").asString(""), at + ".path", errors);
    }
  }

  private static void downward(JsonNode items, String path, FieldErrors errors) {
    for (int i = 0; i < items.size(); i++) {
      String at = "%s[%d]".formatted(path, i);
      relative(items.get(i).path("path").asString(""), at + ".path", errors);
      EnvSourceValidation.downward(items.get(i), at, true, errors);
    }
  }

  private static void relative(String written, String path, FieldErrors errors) {
    if (written.isEmpty()) {
      errors.missing(path);
    } else if (!isRelative(written)) {
      errors.invalid(written, path, "must be a relative path and must not contain '..'");
    }
  }

  private static boolean isRelative(String path) {
    return path.indexOf('\0') < 0
        && RELATIVE.matcher(path).matches()
        && !VolumeReader.canonical(path).isEmpty();
  }

  private static void mode(JsonNode mode, String path, FieldErrors errors) {
    long value = mode.asLong(0);
    if (value < 0 || value > MOST_PERMISSIONS) {
      errors.invalid(value, path, "must be a number between 0 and 0777 (octal), both inclusive");
    }
  }

  private static void mounts(
      JsonNode mounts, Map<String, JsonNode> volumes, String path, FieldErrors errors) {
    var paths = new ArrayList<String>();
    for (int i = 0; i < mounts.size(); i++) {
      JsonNode mount = mounts.get(i);
      String at = "%s[%d]".formatted(path, i);
      JsonNode volume = volumes.get(mount.path("name").asString(""));
      if (volume == null) {
        errors.add("volumeMount has no matching volume", "", at + ".name");
      } else {
        ofVolume(mount, WRITABLE.stream().anyMatch(volume::has), at, errors);
      }
      mountPath(mount.path("mountPath").asString(""), paths, at + ".mountPath", errors);
    }
  }

  private static void ofVolume(JsonNode mount, boolean writable, String path, FieldErrors errors) {
    String subPath = mount.path("subPath").asString("");
    if (!subPath.isEmpty() && writable) {
      errors.disallowed(
          path + ".subPath", "expected with configMap, secret, downwardAPI and projected only");
    } else if (!subPath.isEmpty()) {
      relative(subPath, path + ".subPath", errors);
    }
    boolean writes = mount.has("readOnly") && !mount.path("readOnly").asBoolean(true);
    if (writes && !writable) {
      errors.add("volume mount should be readOnly for this type of volume", "", path + ".readOnly");
    }
  }

  private static void mountPath(
      String written, List<String> before, String path, FieldErrors errors) {
    if (written.isEmpty()) {
      errors.missing(path);
      return;
    }
    if (!written.startsWith("/") || !isRelative("root" + written)) {
      errors.invalid(written, path, "expected an absolute path without '..'");
      return;
    }
    String canonical = VolumeReader.canonical(written);
    if (RESERVED.matcher(canonical).matches()) {
      errors.add("mountPath \"%s\" is a reserved path".formatted(canonical), "", path);
    } else if (before.contains(canonical)) {
      errors.invalid("\"%s\" must be unique".formatted(written), path, "");
    }
    before.add(canonical);
  }
}
