package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The folder of one sandbox: what a daemon that starts again has to know. The user of its process
 * owns it.
 */
public record SandboxFolder(Path path) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final String SPEC = "spec.json";
  private static final String HOST = "host.json";

  /**
   * What the sandbox has on the host.
   *
   * @param kind of the sandbox, {@link dev.skep.sandbox.SandboxRuntime#kind}
   * @param pid of its process, 0 before there is one, with the start time that tells it from a
   *     later process of that id
   * @param paged whether the pager serves its memory
   */
  public record HostPart(String kind, int slot, long pid, long startTicks, boolean paged) {}

  /**
   * Makes the folder, in which nothing is to adopt yet.
   *
   * @param name of the machine
   */
  public static SandboxFolder create(Path root, String name) {
    var folder = new SandboxFolder(root.resolve(name));
    try {
      Files.createDirectories(root);
      Files.createDirectory(folder.path);
    } catch (IOException e) {
      throw new SkepException(
          Code.ALREADY_EXISTS, "sandbox " + name + ": " + folder.path + ": " + e, e);
    }
    return folder;
  }

  /**
   * The machine's: its process, cgroup and pages bear it too. It is the sandbox's id, unless the
   * machine waited for one.
   */
  public String name() {
    return path.getFileName().toString();
  }

  /** Without the contents of its files: they are not needed to adopt it, and may be secret. */
  public void save(SandboxSpec spec) {
    write(SPEC, spec.withoutContents());
  }

  public void save(HostPart host) {
    write(HOST, host);
  }

  /** Gives it to the user of the sandbox's process. */
  public void giveTo(long user) {
    try {
      Files.setAttribute(path, "unix:uid", (int) user);
      Files.setAttribute(path, "unix:gid", (int) user);
      Files.setAttribute(path, "unix:mode", 0700);
    } catch (IOException e) {
      throw new SkepException(
          Code.UNSUPPORTED, path + ": cannot be given to " + user + ": " + e, e);
    }
  }

  public Optional<SandboxSpec> spec() {
    return read(SPEC, SandboxSpec.class);
  }

  public Optional<HostPart> host() {
    return read(HOST, HostPart.class);
  }

  private void write(String name, Object value) {
    Path temporary = path.resolve(name + ".new");
    try {
      Files.deleteIfExists(temporary);
      Files.createFile(temporary, OWNER_ONLY); // the environment may hold secrets
      Files.write(temporary, JSON.writeValueAsBytes(value));
      Files.move(temporary, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, path.resolve(name) + ": cannot be written: " + e, e);
    }
  }

  private <T> Optional<T> read(String name, Class<T> type) {
    try {
      return Optional.of(JSON.readValue(Files.readAllBytes(path.resolve(name)), type));
    } catch (IOException | JacksonException e) {
      return Optional.empty(); // not written to its end: nothing to adopt
    }
  }
}
