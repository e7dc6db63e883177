package dev.skep.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.TerminalSize;
import dev.skep.testkit.SandboxTestKit.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** What {@link SandboxTestKit} asks of commands that stream, in one sandbox. */
final class ExecChecks {
  private static final long FLOOD = 64 << 20;

  /** More than all queues, pipes and sockets on the way hold together. */
  private static final long MOST_HELD = 8 << 20;

  private final Sandbox sandbox;
  private final Function<Program, List<String>> argv;

  ExecChecks(Sandbox sandbox, Function<Program, List<String>> argv) {
    this.sandbox = sandbox;
    this.argv = argv;
  }

  private ExecProcess begin(Program program) {
    return sandbox.exec(ExecSpec.of(argv.apply(program), true));
  }

  private static int code(ExecProcess command) throws Exception {
    return command.onExit().get(60, TimeUnit.SECONDS);
  }

  private static BufferedReader lines(InputStream in) {
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  void inputIsTakenAsItComes() throws Exception {
    try (ExecProcess cat = begin(new Program.Cat())) {
      BufferedReader out = lines(cat.stdout());
      OutputStream in = cat.stdin();
      for (String line : List.of("one", "two")) {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
        assertThat(out.readLine()).isEqualTo(line);
      }
      in.close();
      assertThat(out.readLine()).isNull();
      assertThat(code(cat)).isZero();
    }
  }

  void largeOutputWaitsForItsReader() throws Exception {
    try (ExecProcess flood = begin(new Program.Flood(FLOOD))) {
      var done = CompletableFuture.supplyAsync(() -> line(lines(flood.stderr())));
      TimeUnit.SECONDS.sleep(1);
      assertThat(done).as("nobody has read yet").isNotDone();
      assertThat(flood.stdout().transferTo(OutputStream.nullOutputStream())).isEqualTo(FLOOD);
      assertThat(done.get(20, TimeUnit.SECONDS)).isEqualTo("done");
      assertThat(code(flood)).isZero();
    }
  }

  void whoWritesWaitsForACommandThatDoesNotRead() throws Exception {
    var written = new AtomicLong();
    CompletableFuture<Void> writing;
    ExecProcess deaf = begin(new Program.NeverListen());
    try (deaf) {
      writing = CompletableFuture.runAsync(() -> fill(deaf.stdin(), written));
      TimeUnit.SECONDS.sleep(1);
      assertThat(writing).as("%d bytes", written.get()).isNotDone();
      assertThat(written.get()).isLessThan(MOST_HELD);
    }
    assertThat(writing).failsWithin(20, TimeUnit.SECONDS);
    assertThat(code(deaf)).as("killed by its client's end").isIn(137, 143);
  }

  void commandThatIsNotThereSaysSo() throws Exception {
    try (ExecProcess none = sandbox.exec(ExecSpec.of(List.of("/no/such/command"), false))) {
      assertThat(line(lines(none.stderr()))).contains("/no/such/command");
      assertThat(code(none)).isEqualTo(127);
    }
  }

  void terminalsHaveSizesAndKeys() throws Exception {
    var size = Optional.of(new TerminalSize(100, 30));
    try (ExecProcess there =
        sandbox.exec(new ExecSpec(argv.apply(new Program.Terminal()), true, size))) {
      BufferedReader out = lines(there.stdout());
      awaitLine(out, "30 rows 100 columns");
      there.resize(new TerminalSize(72, 20));
      awaitLine(out, "20 rows 72 columns");
      there.stdin().write(3); // ^C
      there.stdin().flush();
      assertThat(code(there)).isEqualTo(130);
      assertThat(there.stderr().read()).isEqualTo(-1);
    }
  }

  void terminalsAreRefused() {
    var size = Optional.of(new TerminalSize(100, 30));
    var command = new ExecSpec(argv.apply(new Program.Cat()), true, size);
    assertThatThrownBy(() -> sandbox.exec(command))
        .isInstanceOfSatisfying(
            SkepException.class,
            e -> assertThat(e.code()).isEqualTo(SkepException.Code.UNSUPPORTED))
        .hasMessageContaining("terminal");
  }

  /** A size that was set after the command began is told, too: not each line is the last one. */
  private static void awaitLine(BufferedReader out, String wanted) throws IOException {
    String line = out.readLine();
    while (line != null && !line.equals(wanted)) {
      line = out.readLine();
    }
    assertThat(line).isEqualTo(wanted);
  }

  private static String line(BufferedReader reader) {
    try {
      return String.valueOf(reader.readLine());
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static void fill(OutputStream stdin, AtomicLong written) {
    byte[] chunk = new byte[64 << 10];
    try {
      while (written.addAndGet(chunk.length) < FLOOD) {
        stdin.write(chunk);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
