package dev.skep.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** What a container of a validated pod template has mounted. */
final class VolumeReader {
  /** As Kubernetes has it. */
  private static final int TOKEN_SECONDS = 3600;

  private VolumeReader() {}

  /**
   * @param spec of the pod
   * @param container of it
   */
  static List<VolumeMount> mounts(JsonNode spec, JsonNode container) {
    var volumes = new LinkedHashMap<String, Volume>();
    for (JsonNode volume : spec.path("volumes")) {
      volumes.put(volume.path("name").asString(""), volume(volume, spec, container));
    }
    var mounts = new ArrayList<VolumeMount>();
    for (JsonNode mount : container.path("volumeMounts")) {
      Volume volume = volumes.get(mount.path("name").asString(""));
      if (volume != null) {
        mounts.add(
            new VolumeMount(
                canonical(mount.path("mountPath").asString("")),
                ServiceTemplates.optionalText(mount.path("subPath")).map(VolumeReader::canonical),
                mount.path("readOnly").asBoolean(false),
                volume));
      }
    }
    return mounts;
  }

  /** Without slashes too many: {@code /a//b/} is {@code /a/b}. */
  static String canonical(String path) {
    String kept =
        Stream.of(path.split("/", -1))
            .filter(part -> !part.isEmpty() && !part.equals("."))
            .collect(Collectors.joining("/"));
    return path.startsWith("/") ? "/" + kept : kept;
  }

  private static Volume volume(JsonNode volume, JsonNode spec, JsonNode container) {
    if (volume.has("emptyDir")) {
      JsonNode limit = volume.path("emptyDir").path("sizeLimit");
      return new Volume.Empty(
          ServiceTemplates.isAbsent(limit)
              ? OptionalLong.empty()
              : OptionalLong.of(Quantity.parse(limit.asString("")).roundedUp()));
    }
    if (volume.has("persistentVolumeClaim")) {
      JsonNode claim = volume.path("persistentVolumeClaim");
      return new Volume.Claim(
          claim.path("claimName").asString(""), claim.path("readOnly").asBoolean(false));
    }
    var sources = new ArrayList<Volume.Source>();
    if (volume.has("projected")) {
      volume
          .path("projected")
          .path("sources")
          .forEach(
              source -> {
                sources(source, container, sources);
                token(source.path("serviceAccountToken"), spec).ifPresent(sources::add);
              });
    } else {
      sources(volume, container, sources);
    }
    return new Volume.Files(sources, mode(volume));
  }

  private static int mode(JsonNode volume) {
    for (String kind : List.of("configMap", "secret", "downwardAPI", "projected")) {
      if (volume.path(kind).has("defaultMode")) {
        return volume.path(kind).path("defaultMode").asInt();
      }
    }
    return Volume.Files.DEFAULT_MODE;
  }

  private static void sources(JsonNode from, JsonNode container, List<Volume.Source> sources) {
    if (from.has("configMap")) {
      sources.add(keys(EnvSource.Kind.CONFIG_MAP, from.path("configMap")));
    }
    if (from.has("secret")) {
      sources.add(keys(EnvSource.Kind.SECRET, from.path("secret")));
    }
    for (JsonNode item : from.path("downwardAPI").path("items")) {
      sources.add(downward(item, container));
    }
  }

  private static Optional<Volume.Source> token(JsonNode token, JsonNode spec) {
    return ServiceTemplates.isAbsent(token)
        ? Optional.empty()
        : Optional.of(
            new Volume.Token(
                canonical(token.path("path").asString("")),
                ServiceTemplates.optionalText(spec.path("serviceAccountName")).orElse("default"),
                ServiceTemplates.optionalText(token.path("audience")),
                Duration.ofSeconds(token.path("expirationSeconds").asLong(TOKEN_SECONDS))));
  }

  private static Volume.Source keys(EnvSource.Kind kind, JsonNode from) {
    String name = from.path("name").asString(from.path("secretName").asString(""));
    var reference = new EnvSource.Reference(kind, name, from.path("optional").asBoolean(false));
    var paths = new LinkedHashMap<String, String>();
    for (JsonNode item : from.path("items")) {
      paths.put(item.path("key").asString(""), canonical(item.path("path").asString("")));
    }
    return new Volume.Keys(reference, paths);
  }

  private static Volume.Source downward(JsonNode item, JsonNode container) {
    String path = canonical(item.path("path").asString(""));
    Optional<InstanceField> field =
        InstanceField.parse(item.path("fieldRef").path("fieldPath").asString(""));
    return field
        .<Volume.Source>map(of -> new Volume.Field(path, of))
        .orElseGet(
            () ->
                new Volume.Text(
                    path, ResourceField.value(item.path("resourceFieldRef"), container)));
  }
}
