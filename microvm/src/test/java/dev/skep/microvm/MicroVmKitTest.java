package dev.skep.microvm;

import dev.skep.sandbox.SandboxRuntime;
import dev.skep.testkit.SandboxTestKit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The suite of every runtime, with real guests. */
@Tag("integration")
class MicroVmKitTest extends SandboxTestKit {
  @TempDir Path state;

  @BeforeAll
  static void needsAHost() {
    TestHost.assumeUsable();
  }

  VmmChoice vmm() {
    return VmmChoice.QEMU;
  }

  @Override
  protected SandboxRuntime open() {
    return TestHost.open(TestHost.config(state, vmm()));
  }

  @Override
  protected Path rootImage() {
    return TestImage.erofs();
  }

  @Override
  protected String imageDigest() {
    return "sha256:" + "0".repeat(64);
  }

  @Override
  protected List<String> argv(Program program) {
    return switch (program) {
      case Program.Serve() -> List.of("/kit", "serve");
      case Program.IgnoreSigterm() -> List.of("/kit", "ignore");
      case Program.ServeThenExit(int code) -> List.of("/kit", "serve-exit", Integer.toString(code));
      case Program.PrintAndExit(int code, List<String> lines) ->
          Stream.concat(Stream.of("/kit", "print", Integer.toString(code)), lines.stream())
              .toList();
      case Program.NeverListen() -> List.of("/kit", "sleep");
      case Program.Echo(String text) -> List.of("/kit", "echo", text);
      case Program.Cat() -> List.of("/kit", "cat");
      case Program.Flood(long bytes) -> List.of("/kit", "flood", Long.toString(bytes));
      case Program.Terminal() -> List.of("/kit", "terminal");
      case Program.ExitWith(int code) -> List.of("/kit", "exit", Integer.toString(code));
      case Program.Read(String path) -> List.of("/kit", "read", path);
      case Program.Write(String path) -> List.of("/kit", "write", path);
    };
  }

  @Override
  protected boolean hasTerminals() {
    return false;
  }

  @Override
  protected boolean mountsFolders() {
    return false;
  }

  @Override
  protected List<String> leftovers(String sandboxId) {
    return new HostObjects(state).of(sandboxId);
  }

  @Override
  protected Duration hopelessTimeout() {
    return Duration.ofSeconds(20);
  }
}
