package dev.skep.microvm;

import dev.skep.linux.HostCpu;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** What makes the state of one guest unusable for another, in one digest. */
final class SnapshotKeys {
  /** Of what is written by {@link QemuSave} and its like; a new one makes all snapshots old. */
  private static final int FORMAT = 2;

  /** The digest of each version of a kernel's file that was seen: it has tens of megabytes. */
  private static final ConcurrentMap<String, String> KERNELS = new ConcurrentHashMap<>();

  private SnapshotKeys() {}

  static String of(SandboxSpec spec, BootParts parts) {
    ProcessSpec process = spec.process();
    List<String> lines =
        List.of(
            "format=" + FORMAT,
            "vmm=" + parts.vmm().description(),
            "host=" + System.getProperty("os.version"), // KVM's part of a state is its kernel's
            "cpu=" + HostCpu.identity(),
            "kernel=" + identity(parts.kernel()),
            "initrd=" + parts.initrd().getFileName(),
            "guest=" + MachinePlace.guestBytes(spec.resources().memoryBytes()),
            "resources=" + spec.resources(),
            "image=" + spec.imageDigest(),
            "argv=" + process.argv(),
            "env=" + new TreeMap<>(process.env()),
            "user=" + process.user(),
            "folder=" + process.workingDir(),
            "mounts=" + spec.mounts(), // files by their digests
            "readiness=" + spec.readiness(),
            "port=" + spec.port());
    return "sha256:" + digest(String.join("\n", lines));
  }

  /** By its content: the same kernel is in other places, and of other times, on other hosts. */
  private static String identity(Path file) {
    try {
      String version = file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
      return KERNELS.computeIfAbsent(version, _ -> contentOf(file));
    } catch (IOException e) {
      return file.toString();
    }
  }

  private static String contentOf(Path file) {
    try (var in = new DigestInputStream(Files.newInputStream(file), sha256())) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (IOException e) {
      return file.toString();
    }
  }

  private static String digest(String text) {
    return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
