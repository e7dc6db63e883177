package dev.skep.snapshot.pager;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A running {@link GuestProgram}. */
final class Guest implements AutoCloseable {
  private static final long LIMIT_SECONDS = 60;

  private final Process process;
  private final BufferedWriter commands;
  private final BufferedReader answers;

  private Guest(Process process) {
    this.process = process;
    this.commands = process.outputWriter();
    this.answers = process.inputReader();
  }

  static Guest start() throws IOException {
    return new Guest(
        new ProcessBuilder(java(GuestProgram.class.getName()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** A JVM that starts fast, with the class path of the tests. */
  static List<String> java(String main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx64m",
        "-cp",
        System.getProperty("java.class.path"),
        main);
  }

  /** The answer to a command, which must come. */
  String ask(String... command) throws Exception {
    return begin(command).get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  /** The answer to a command, which may have to wait; "null" if the process ends. */
  CompletableFuture<String> begin(String... command) throws IOException {
    commands.write(String.join(" ", command));
    commands.newLine();
    commands.flush();
    var answer = new CompletableFuture<String>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                answer.complete(String.valueOf(answers.readLine()));
              } catch (IOException e) {
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  Process process() {
    return process;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
