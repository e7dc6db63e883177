package dev.skep.control;

import dev.skep.api.InstanceField;
import dev.skep.api.Volume;
import dev.skep.api.VolumeMount;
import dev.skep.sandbox.Mount;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a revision has mounted, with ConfigMaps and Secrets as they are now.
 *
 * @param problems why a function cannot start with it, without any value
 */
public record MountedVolumes(List<Mount> mounts, List<String> problems) {
  /** Reads the store, at each start anew. */
  public static MountedVolumes of(
      List<VolumeMount> wanted,
      InstanceField.Instance self,
      Configuration configuration,
      Claims claims) {
    var resolving = new Resolving(self, configuration, claims);
    wanted.forEach(resolving::add);
    return new MountedVolumes(resolving.mounts, resolving.problems);
  }

  /** Lists what is there so far. */
  private static final class Resolving {
    private final InstanceField.Instance self;
    private final Configuration configuration;
    private final Claims claims;
    private final List<Mount> mounts = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    Resolving(InstanceField.Instance self, Configuration configuration, Claims claims) {
      this.self = self;
      this.configuration = configuration;
      this.claims = claims;
    }

    void add(VolumeMount mount) {
      switch (mount.volume()) {
        case Volume.Empty(var sizeLimit) -> mounts.add(new Mount.Scratch(mount.path(), sizeLimit));
        case Volume.Claim claim -> claim(mount, claim);
        case Volume.Files files -> files(mount, files);
      }
    }

    private void claim(VolumeMount mount, Volume.Claim claim) {
      boolean readOnly = mount.readOnly() || claim.readOnly();
      claims
          .folder(configuration.namespace(), claim.name())
          .ifPresentOrElse(
              folder -> mounts.add(new Mount.Folder(mount.path(), folder, readOnly)),
              () ->
                  problems.add(
                      "PersistentVolumeClaim %s/%s does not exist (expected: one that is bound, for %s)"
                          .formatted(configuration.namespace(), claim.name(), mount.path())));
    }

    private void files(VolumeMount mount, Volume.Files volume) {
      var files = new TreeMap<String, byte[]>();
      volume.sources().forEach(source -> add(source, mount, files));
      mount
          .subPath()
          .ifPresentOrElse(
              subPath -> part(mount, subPath, files, volume.mode()),
              () -> mounts.add(new Mount.Files(mount.path(), files, volume.mode())));
    }

    private void add(Volume.Source source, VolumeMount mount, Map<String, byte[]> files) {
      switch (source) {
        case Volume.Keys keys -> keys(keys, mount, files);
        case Volume.Field(String path, InstanceField field) ->
            files.put(path, self.get(field).getBytes(StandardCharsets.UTF_8));
        case Volume.Token token ->
            files.put(token.path(), claims.token(token, self).getBytes(StandardCharsets.US_ASCII));
        case Volume.Text(String path, String text) ->
            files.put(path, text.getBytes(StandardCharsets.UTF_8));
      }
    }

    private void keys(Volume.Keys keys, VolumeMount mount, Map<String, byte[]> files) {
      Optional<Map<String, byte[]>> data = configuration.find(keys.from(), true);
      if (data.isEmpty()) {
        if (!keys.from().optional()) {
          problems.add(configuration.missing(keys.from()));
        }
        return;
      }
      if (keys.paths().isEmpty()) {
        files.putAll(data.get());
      }
      keys.paths()
          .forEach(
              (key, path) -> {
                byte[] value = data.get().get(key);
                if (value != null) {
                  files.put(path, value);
                } else if (!keys.from().optional()) {
                  problems.add(configuration.missing(keys.from(), key, mount.path()));
                }
              });
    }

    /** One file of a volume, or those of one of its folders. */
    private void part(VolumeMount mount, String subPath, Map<String, byte[]> files, int mode) {
      byte[] one = files.get(subPath);
      if (one != null) {
        mounts.add(new Mount.Files(mount.path(), Map.of("", one), mode));
        return;
      }
      var below = new TreeMap<String, byte[]>();
      files.forEach(
          (name, content) -> {
            if (name.startsWith(subPath + "/")) {
              below.put(name.substring(subPath.length() + 1), content);
            }
          });
      if (below.isEmpty()) {
        problems.add(
            "the volume at %s has no \"%s\" (expected, for its subPath: one of %s)"
                .formatted(mount.path(), subPath, files.keySet()));
      } else {
        mounts.add(new Mount.Files(mount.path(), below, mode));
      }
    }
  }
}
