package dev.skep.oci;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a sandbox has mounted, as runtimes take it. They follow the links of an image within its
 * root only. Files lie in the sandbox's folder, where nobody but root comes to them from outside.
 */
final class OciMounts {
  private static final String FOLDER = "mounts";

  private final SandboxSpec spec;
  private final Account owner;
  private final Path folder;

  /**
   * @param folder of the sandbox
   */
  OciMounts(SandboxSpec spec, Account owner, Path folder) {
    this.spec = spec;
    this.owner = owner;
    this.folder = folder.resolve(FOLDER);
  }

  /** Writes the files. What lies below another mount comes after it. */
  List<OciSpec.Mount> make() {
    if (spec.mounts().isEmpty()) {
      return List.of();
    }
    var mounts = new ArrayList<OciSpec.Mount>();
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      for (Mount mount :
          spec.mounts().stream().sorted(Comparator.comparing(Mount::path)).toList()) {
        mounts.add(make(mount, folder.resolve(Integer.toString(mounts.size()))));
      }
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, folder + ": cannot be written: " + e, e);
    }
    return mounts;
  }

  private OciSpec.Mount make(Mount mount, Path place) throws IOException {
    return switch (mount) {
      case Mount.Files files -> bind(files.path(), write(files, place), true);
      case Mount.Folder(String path, Path source, boolean readOnly) -> bind(path, source, readOnly);
      case Mount.Scratch(String path, OptionalLong sizeLimit) ->
          new OciSpec.Mount(
              path,
              "tmpfs",
              "tmpfs",
              List.of(
                  "nosuid",
                  "nodev",
                  "mode=777", // which runc 1.1 forgets where the image has the path
                  "uid=" + owner.uid(),
                  "gid=" + owner.gid(),
                  "size=" + sizeLimit.orElse(spec.resources().memoryBytes())));
    };
  }

  /** Programs in it run: scripts are given that way. */
  private static OciSpec.Mount bind(String path, Path source, boolean readOnly) {
    return new OciSpec.Mount(
        path,
        "bind",
        source.toString(),
        List.of("bind", readOnly ? "ro" : "rw", "nosuid", "nodev"));
  }

  private Path write(Mount.Files mount, Path place) throws IOException {
    byte[] single = mount.files().get("");
    if (single != null) {
      return write(place, single, mount.mode());
    }
    folder(place);
    for (Map.Entry<String, byte[]> file : mount.files().entrySet()) {
      Path name = Path.of(file.getKey());
      for (int i = 1; i < name.getNameCount(); i++) {
        folder(place.resolve(name.subpath(0, i)));
      }
      write(place.resolve(name), file.getValue(), mount.mode());
    }
    return place;
  }

  private void folder(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectory(path);
      own(path, 0755);
    }
  }

  private Path write(Path file, byte[] content, int mode) throws IOException {
    Files.write(file, content);
    own(file, mode);
    return file;
  }

  private void own(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:uid", owner.uid());
    Files.setAttribute(path, "unix:gid", owner.gid());
    Files.setAttribute(path, "unix:mode", mode);
  }
}
