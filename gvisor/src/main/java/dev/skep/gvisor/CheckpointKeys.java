package dev.skep.gvisor;

import dev.skep.linux.HostCpu;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/** What makes the state of one sandbox unusable for another, in one digest. */
final class CheckpointKeys {
  /** Of what {@link Checkpoint} writes; a new one makes all snapshots old. */
  private static final int FORMAT = 1;

  private CheckpointKeys() {}

  /**
   * @param runsc version and platform: a state is read by the version that wrote it
   */
  static String of(SandboxSpec spec, String runsc) {
    ProcessSpec process = spec.process();
    List<String> lines =
        List.of(
            "gvisor=" + FORMAT,
            "runsc=" + runsc,
            "cpu=" + HostCpu.identity(),
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

  private static String digest(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
