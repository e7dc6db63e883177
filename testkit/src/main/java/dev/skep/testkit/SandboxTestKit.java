package dev.skep.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link SandboxRuntime} must do. A subclass brings the runtime and an image; nothing
 * here knows what is in the image beyond the commands that the subclass names.
 */
public abstract class SandboxTestKit {
  /** What a test needs to run inside. */
  public sealed interface Program {
    /**
     * Prints {@code listening ...}, serves HTTP on {@code $PORT}: 200 and a body that contains
     * {@code GREETING=$GREETING}. On SIGTERM it prints {@code got SIGTERM} and exits with 0.
     */
    record Serve() implements Program {}

    /** As {@link Serve}, but ignores SIGTERM. */
    record IgnoreSigterm() implements Program {}

    /** As {@link Serve}, but exits with the code one to three seconds after it began. */
    record ServeThenExit(int code) implements Program {}

    /** Prints the lines to stdout and exits with the code, without listening. */
    record PrintAndExit(int code, List<String> lines) implements Program {}

    /** Runs for minutes, never listens. */
    record NeverListen() implements Program {}

    /** For exec: prints the text to stdout. */
    record Echo(String text) implements Program {}

    /** For exec: copies stdin to stdout. */
    record Cat() implements Program {}

    /** For exec: so many bytes to stdout, then the line {@code done} to stderr. */
    record Flood(long bytes) implements Program {}

    /**
     * For exec: at a terminal, prints {@code R rows C columns} now and whenever that changes, for
     * minutes.
     */
    record Terminal() implements Program {}

    /** For exec: exits with the code. */
    record ExitWith(int code) implements Program {}

    /** For exec: prints the file; exits with 1 where it cannot be read. */
    record Read(String path) implements Program {}

    /** For exec: copies stdin to the file; exits with 1 where it cannot be written. */
    record Write(String path) implements Program {}
  }

  /** Where the link {@code /escape} of the image leads: to the host's {@code /etc}, if it could. */
  public static final String ESCAPE = "../../../../../../../../etc";

  private static final int PORT = 8080;

  @TempDir Path folder;
  private SandboxRuntime runtime;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  /**
   * A runtime on this test's host state. Called again after the first one was closed, it is what a
   * restarted daemon would open.
   */
  protected abstract SandboxRuntime open();

  protected abstract Path rootImage();

  protected abstract String imageDigest();

  /** The command line of a program in the image. */
  protected abstract List<String> argv(Program program);

  /** Names of all that exists on the host for the sandbox: processes, links, folders... */
  protected abstract List<String> leftovers(String sandboxId);

  /** Whether its sandboxes' commands can have terminals. */
  protected abstract boolean hasTerminals();

  /** Whether its sandboxes can have folders of the host. */
  protected abstract boolean mountsFolders();

  /** What a start may take on this host. */
  protected Duration readyTimeout() {
    return Duration.ofSeconds(60);
  }

  /** Given to a start that can never become ready; long enough for the process to run. */
  protected Duration hopelessTimeout() {
    return readyTimeout();
  }

  @BeforeEach
  final void openRuntime() {
    runtime = open();
  }

  @AfterEach
  final void closeRuntime() {
    runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    runtime.close();
    http.close();
  }

  @Test
  void startsAndAnswersHttpWithTheGivenEnvironment() throws Exception {
    Sandbox sandbox = started(spec(new Program.Serve()));

    assertThat(sandbox.state()).isEqualTo(Sandbox.State.READY);
    assertThat(get(sandbox)).contains("GREETING=hello");
  }

  @Test
  void phasesSumToTheTotalAndDoNotOverlap() {
    var phases = new PhaseRecorder(System::nanoTime);
    long before = System.nanoTime();
    started(spec(new Program.Serve()), phases);
    long took = System.nanoTime() - before;
    phases.finish();

    List<PhaseRecorder.Span> spans = phases.spans();
    long end = 0;
    for (PhaseRecorder.Span span : spans) {
      assertThat(span.startNanos()).isGreaterThanOrEqualTo(end);
      end = span.startNanos() + span.durationNanos();
    }
    long sum = spans.stream().mapToLong(PhaseRecorder.Span::durationNanos).sum();
    assertThat(sum).isEqualTo(phases.totalNanos());
    assertThat((double) sum).isCloseTo((double) took, within(0.01 * took + 2_000_000));
  }

  @Test
  void exitCodeAndLastOutputReachTheFailure() {
    SandboxSpec spec = spec(new Program.PrintAndExit(3, List.of("first", "no database")));

    StartFailure failure = failed(spec);

    assertThat(failure.reason()).isEqualTo(Reason.GUEST_EXIT);
    assertThat(failure.exitCode()).hasValue(3);
    assertThat(failure.lastOutput()).containsSequence("first", "no database");
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void commandThatIsNotInTheImageIsNamed() {
    StartFailure failure = failed(spec(List.of("/no/such/command"), "", readyTimeout()));

    assertThat(failure.reason()).isEqualTo(Reason.COMMAND_NOT_FOUND);
    assertThat(failure.message()).contains("/no/such/command");
  }

  @Test
  void userThatIsNotInTheImageIsNamed() {
    StartFailure failure = failed(spec(argv(new Program.Serve()), "ghost", readyTimeout()));

    assertThat(failure.reason()).isEqualTo(Reason.CONFIGURATION);
    assertThat(failure.message()).contains("ghost");
  }

  @Test
  void processThatNeverListensFailsItsProbe() {
    SandboxSpec spec = spec(argv(new Program.NeverListen()), "", hopelessTimeout());

    StartFailure failure = failed(spec);

    assertThat(failure.reason()).isEqualTo(Reason.PROBE_TIMEOUT);
    assertThat(failure.message()).contains(Integer.toString(PORT));
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void stopEndsASandboxThatIsStarting() throws Exception {
    SandboxSpec spec = spec(argv(new Program.NeverListen()), "", readyTimeout());
    Sandbox sandbox = created(spec);
    var outcome =
        CompletableFuture.supplyAsync(
            () -> sandbox.start(new PhaseRecorder(System::nanoTime)),
            task -> Thread.ofVirtual().name("kit-start").start(task));
    while (sandbox.state() == Sandbox.State.CREATED) {
      Thread.onSpinWait();
    }

    sandbox.stop(Duration.ZERO);

    assertThat(outcome.get(20, TimeUnit.SECONDS)).isInstanceOf(StartOutcome.Failed.class);
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void execRunsCommandsInside() {
    Sandbox sandbox = started(spec(new Program.Serve()));

    ExecResult echo = exec(sandbox, new Program.Echo("from inside"), "");
    ExecResult cat = exec(sandbox, new Program.Cat(), "through\nstdin\n");
    ExecResult exit = exec(sandbox, new Program.ExitWith(7), "");

    assertThat(text(echo)).isEqualTo("from inside\n");
    assertThat(text(cat)).isEqualTo("through\nstdin\n");
    assertThat(exit.exitCode()).isEqualTo(7);
  }

  @Test
  void execStreamsBothWaysWithBoundedMemory() throws Exception {
    var checks = new ExecChecks(started(spec(new Program.Serve())), this::argv);
    checks.inputIsTakenAsItComes();
    checks.largeOutputWaitsForItsReader();
    checks.whoWritesWaitsForACommandThatDoesNotRead();
    checks.commandThatIsNotThereSaysSo();
  }

  @Test
  void execGivesATerminalOrRefusesIt() throws Exception {
    var checks = new ExecChecks(started(spec(new Program.Serve())), this::argv);
    if (hasTerminals()) {
      checks.terminalsHaveSizesAndKeys();
    } else {
      checks.terminalsAreRefused();
    }
  }

  @Test
  void statsCountMemoryOfARunningSandbox() {
    Sandbox sandbox = started(spec(new Program.Serve()));

    assertThat(sandbox.stats().memoryBytes()).isPositive();
    assertThat(sandbox.stats().cpu()).isPositive();
  }

  @Test
  void pausedSandboxAnswersOnlyAfterResume() throws Exception {
    Sandbox sandbox = started(spec(new Program.Serve()));

    sandbox.pause();
    sandbox.pause();
    assertThat(sandbox.state()).isEqualTo(Sandbox.State.PAUSED);
    CompletableFuture<HttpResponse<String>> waiting =
        http.sendAsync(request(sandbox), HttpResponse.BodyHandlers.ofString());
    TimeUnit.MILLISECONDS.sleep(300);
    assertThat(waiting).isNotDone();

    sandbox.resume();
    assertThat(waiting.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(sandbox.state()).isEqualTo(Sandbox.State.READY);
  }

  @Test
  void stopLetsTheProcessSeeSigtermAndLeavesNothing() throws Exception {
    SandboxSpec spec = spec(new Program.Serve());
    Sandbox sandbox = started(spec);

    Exit exit = sandbox.stop(Duration.ofSeconds(20));

    assertThat(exit.code()).hasValue(0);
    assertThat(Files.readString(spec.logFile())).contains("got SIGTERM");
    assertThat(sandbox.stop(Duration.ZERO)).isEqualTo(exit);
    assertThat(sandbox.state()).isEqualTo(Sandbox.State.STOPPED);
    assertThat(sandbox.onExit().toCompletableFuture().get(20, TimeUnit.SECONDS)).isEqualTo(exit);
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void processThatIgnoresSigtermIsKilledAfterTheGrace() {
    SandboxSpec spec = spec(new Program.IgnoreSigterm());
    Sandbox sandbox = started(spec);

    long before = System.nanoTime();
    Exit exit = sandbox.stop(Duration.ofSeconds(1));

    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isBetween(Duration.ofMillis(900), Duration.ofSeconds(20));
    assertThat(exit.code().orElse(137)).isEqualTo(137);
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void exitOfTheProcessEndsTheSandbox() throws Exception {
    SandboxSpec spec = spec(new Program.ServeThenExit(5));
    Sandbox sandbox = started(spec);

    Exit exit = sandbox.onExit().toCompletableFuture().get(30, TimeUnit.SECONDS);

    assertThat(exit.code()).hasValue(5);
    assertThat(sandbox.state()).isEqualTo(Sandbox.State.STOPPED);
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void outputIsLoggedInTheCriFormatWithTimes() throws Exception {
    SandboxSpec spec = spec(new Program.PrintAndExit(0, List.of("one", "two words")));

    failed(spec);

    assertThat(Files.readAllLines(spec.logFile()))
        .anyMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.*Z stdout F one"))
        .anyMatch(line -> line.endsWith(" stdout F two words"));
  }

  @Test
  void nextRuntimeAdoptsWhatTheFirstLeftRunning() throws Exception {
    SandboxSpec spec = spec(new Program.Serve());
    started(spec);
    runtime.close();

    runtime = open();
    List<Sandbox> adopted = runtime.adopt();

    assertThat(adopted).extracting(Sandbox::id).containsExactly(spec.id());
    Sandbox sandbox = adopted.getFirst();
    assertThat(sandbox.spec()).isEqualTo(spec);
    assertThat(sandbox.state()).isEqualTo(Sandbox.State.READY);
    assertThat(get(sandbox)).contains("GREETING=hello");
    assertThat(text(exec(sandbox, new Program.Echo("again"), ""))).isEqualTo("again\n");
    sandbox.stop(Duration.ofSeconds(20));
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void twoSandboxesRunAtOnceWithoutMixing() throws Exception {
    SandboxSpec one = spec(new Program.Serve(), Map.of("GREETING", "one"));
    SandboxSpec two = spec(new Program.Serve(), Map.of("GREETING", "two"));
    var second = CompletableFuture.supplyAsync(() -> started(two));
    Sandbox first = started(one);

    assertThat(get(first)).contains("GREETING=one");
    assertThat(get(second.get(60, TimeUnit.SECONDS))).contains("GREETING=two");

    first.stop(Duration.ZERO);
    assertThat(get(second.get())).contains("GREETING=two");
  }

  @Test
  void filesAreThereReadOnlyForTheProcesssUser() {
    SandboxSpec spec =
        spec(argv(new Program.Serve()), "65534:65534", readyTimeout())
            .withMounts(
                List.of(
                    files("/etc/app", Map.of("main.conf", "a = 1\n", "deep/er.conf", "b")),
                    files("/not/in/the/image", Map.of("x", "")),
                    files("/etc/one.conf", Map.of("", "alone"))));
    Sandbox sandbox = started(spec);

    assertThat(text(exec(sandbox, new Program.Read("/etc/app/main.conf"), "")))
        .isEqualTo("a = 1\n");
    assertThat(text(exec(sandbox, new Program.Read("/etc/app/deep/er.conf"), ""))).isEqualTo("b");
    assertThat(exec(sandbox, new Program.Read("/not/in/the/image/x"), "").exitCode()).isZero();
    assertThat(text(exec(sandbox, new Program.Read("/etc/one.conf"), ""))).isEqualTo("alone");
    for (String path : List.of("/etc/app/main.conf", "/etc/app/new", "/etc/one.conf")) {
      assertThat(exec(sandbox, new Program.Write(path), "x").exitCode()).as(path).isEqualTo(1);
    }
    assertThat(spec.withoutContents()).isEqualTo(spec);
    sandbox.stop(Duration.ZERO);
    assertThat(leftovers(spec.id())).isEmpty();
  }

  @Test
  void linksOfTheImageLeadToNoPlaceOfTheHost() {
    SandboxSpec spec =
        spec(new Program.Serve())
            .withMounts(
                List.of(
                    files("/escape/skep-kit", Map.of("x", "inside")),
                    new Mount.Scratch("/escape/skep-kit-work", OptionalLong.of(4096))));
    StartOutcome outcome =
        runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));

    if (outcome instanceof StartOutcome.Ok(Sandbox sandbox)) { // a runtime may refuse such paths
      assertThat(text(exec(sandbox, new Program.Read("/escape/skep-kit/x"), "")))
          .isEqualTo("inside");
    }
    assertThat(Path.of("/etc/skep-kit")).doesNotExist();
    assertThat(Path.of("/etc/skep-kit-work")).doesNotExist();
  }

  @Test
  void rootCannotWriteToFilesEither() {
    SandboxSpec spec =
        spec(new Program.Serve())
            .withMounts(
                List.of(files("/etc/app", Map.of("a", "b")), files("/etc/one", Map.of("", "c"))));
    Sandbox sandbox = started(spec);

    for (String path : List.of("/etc/app/a", "/etc/app/new", "/etc/one")) {
      assertThat(exec(sandbox, new Program.Write(path), "x").exitCode()).as(path).isEqualTo(1);
    }
  }

  @Test
  void scratchIsEmptyWritableAndBounded() {
    SandboxSpec spec =
        spec(argv(new Program.Serve()), "65534:65534", readyTimeout())
            .withMounts(
                List.of(
                    new Mount.Scratch("/work", OptionalLong.of(64 << 10)),
                    new Mount.Scratch("/tmp", OptionalLong.empty())));
    Sandbox sandbox = started(spec);

    for (String path : List.of("/work/a", "/tmp/a")) {
      assertThat(exec(sandbox, new Program.Write(path), "text").exitCode()).as(path).isZero();
      assertThat(text(exec(sandbox, new Program.Read(path), ""))).as(path).isEqualTo("text");
    }
    String tooMuch = "x".repeat(256 << 10);
    assertThat(exec(sandbox, new Program.Write("/work/b"), tooMuch).exitCode()).isEqualTo(1);
    assertThat(exec(sandbox, new Program.Write("/tmp/b"), tooMuch).exitCode()).isZero();
  }

  @Test
  void folderOfTheHostIsSharedOrRefusedByName() throws IOException {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.writeString(shared.resolve("before"), "from the host");
    SandboxSpec spec =
        spec(new Program.Serve())
            .withMounts(
                List.of(
                    new Mount.Folder("/srv/data", shared, false),
                    new Mount.Folder("/srv/fixed", shared, true)));
    if (!mountsFolders()) {
      StartFailure failure = failed(spec);
      assertThat(failure.reason()).isEqualTo(Reason.CONFIGURATION);
      assertThat(failure.message()).contains("/srv/data", "gvisor", "container");
      assertThat(leftovers(spec.id())).isEmpty();
      return;
    }
    Sandbox sandbox = started(spec);

    assertThat(text(exec(sandbox, new Program.Read("/srv/data/before"), "")))
        .isEqualTo("from the host");
    assertThat(exec(sandbox, new Program.Write("/srv/data/after"), "from inside").exitCode())
        .isZero();
    assertThat(shared.resolve("after")).content().isEqualTo("from inside");
    assertThat(exec(sandbox, new Program.Write("/srv/fixed/x"), "x").exitCode()).isEqualTo(1);
    assertThat(text(exec(sandbox, new Program.Read("/srv/fixed/after"), "")))
        .isEqualTo("from inside");
    sandbox.stop(Duration.ZERO);
    assertThat(shared.resolve("after")).as("it outlives the sandbox").exists();
  }

  private static Mount.Files files(String path, Map<String, String> texts) {
    var files = new HashMap<String, byte[]>();
    texts.forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return new Mount.Files(path, files, 0440);
  }

  private SandboxSpec spec(Program program) {
    return spec(argv(program), "", readyTimeout());
  }

  private SandboxSpec spec(Program program, Map<String, String> env) {
    return spec(argv(program), "", readyTimeout(), env);
  }

  private SandboxSpec spec(List<String> argv, String user, Duration readyTimeout) {
    return spec(argv, user, readyTimeout, Map.of("GREETING", "hello"));
  }

  private SandboxSpec spec(
      List<String> argv, String user, Duration readyTimeout, Map<String, String> extra) {
    var env = new HashMap<>(extra);
    env.put("PORT", Integer.toString(PORT));
    env.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    String id = Long.toString(ThreadLocalRandom.current().nextLong(pow36(9), pow36(9) * 35), 36);
    return new SandboxSpec(
        id,
        "kit",
        Map.of("test", "kit"),
        rootImage(),
        imageDigest(),
        new ProcessSpec(argv, env, user, "/"),
        Resources.DEFAULT,
        PORT,
        Probe.onPort(),
        readyTimeout,
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  private static long pow36(int exponent) {
    return exponent == 0 ? 1 : 36 * pow36(exponent - 1);
  }

  private Sandbox created(SandboxSpec spec) {
    var phases = new PhaseRecorder(System::nanoTime);
    return sandbox(runtime.create(spec, new StartPlan.Boot(), phases));
  }

  private Sandbox started(SandboxSpec spec) {
    return started(spec, new PhaseRecorder(System::nanoTime));
  }

  private Sandbox started(SandboxSpec spec, PhaseRecorder phases) {
    return sandbox(runtime.start(spec, new StartPlan.Boot(), phases));
  }

  private static Sandbox sandbox(StartOutcome outcome) {
    assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
    return ((StartOutcome.Ok) outcome).sandbox();
  }

  private StartFailure failed(SandboxSpec spec) {
    StartOutcome outcome =
        runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
    assertThat(outcome).isInstanceOf(StartOutcome.Failed.class);
    return ((StartOutcome.Failed) outcome).failure();
  }

  private ExecResult exec(Sandbox sandbox, Program program, String stdin) {
    return sandbox.exec(
        argv(program), stdin.getBytes(StandardCharsets.UTF_8), Duration.ofSeconds(20));
  }

  private static String text(ExecResult result) {
    return new String(result.stdout(), StandardCharsets.UTF_8);
  }

  private String get(Sandbox sandbox) throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(request(sandbox), HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  private static HttpRequest request(Sandbox sandbox) {
    var endpoint = sandbox.endpoint();
    return HttpRequest.newBuilder(
            URI.create(
                "http://" + endpoint.getAddress().getHostAddress() + ":" + endpoint.getPort()))
        .timeout(Duration.ofSeconds(20))
        .build();
  }
}
