package dev.skep.testkit;

import dev.skep.sandbox.SandboxRuntime;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

final class FakeSandboxRuntimeTest extends SandboxTestKit {
  private final FakeHost host = new FakeHost();

  @Override
  protected SandboxRuntime open() {
    return new FakeSandboxRuntime(host, Clock.systemUTC(), Sleeper.REAL);
  }

  @Override
  protected Path rootImage() {
    return Path.of("/fake/images/kit.erofs");
  }

  @Override
  protected String imageDigest() {
    return "sha256:kit";
  }

  @Override
  protected List<String> argv(Program program) {
    return switch (program) {
      case Program.Serve() -> FakeProgram.SERVE.with();
      case Program.IgnoreSigterm() -> FakeProgram.STUBBORN.with();
      case Program.ServeThenExit(int code) -> FakeProgram.CRASH.with(Integer.toString(code));
      case Program.PrintAndExit(int code, List<String> lines) ->
          Stream.concat(FakeProgram.EXIT.with(Integer.toString(code)).stream(), lines.stream())
              .toList();
      case Program.NeverListen() -> FakeProgram.HANG.with();
      case Program.Echo(String text) -> FakeProgram.ECHO.with(text);
      case Program.Cat() -> FakeProgram.CAT.with();
      case Program.Flood(long bytes) -> FakeProgram.FLOOD.with(Long.toString(bytes));
      case Program.Terminal() -> FakeProgram.HANG.with();
      case Program.ExitWith(int code) -> FakeProgram.EXIT.with(Integer.toString(code));
      case Program.Read(String path) -> FakeProgram.READ.with(path);
      case Program.Write(String path) -> FakeProgram.WRITE.with(path);
    };
  }

  @Override
  protected boolean hasTerminals() {
    return false;
  }

  @Override
  protected boolean mountsFolders() {
    return true;
  }

  @Override
  protected List<String> leftovers(String sandboxId) {
    return host.find(sandboxId).stream().map(FakeSandbox::id).toList();
  }

  @Override
  protected Duration hopelessTimeout() {
    return Duration.ofMillis(200);
  }
}
