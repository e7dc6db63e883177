package dev.skep.testkit.firecracker;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.skep.api.SkepException;
import dev.skep.linux.LazyMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.json.JsonMapper;

/**
 * A program that takes Firecracker's arguments and speaks its API as Firecracker 1.17 was observed
 * to do, with a machine whose guest does nothing but touch its memory. Memory, snapshots and page
 * faults are real. Known are the requests that boot, save and restore a machine with drives and
 * network interfaces; taps are not opened.
 */
public final class FakeFirecracker {
  /** In its working folder: all requests, one a line. */
  public static final String REQUESTS = "requests.log";

  private static final List<Class<?>> NEEDED =
      List.of(
          FakeFirecracker.class,
          LazyMemory.class,
          SkepException.class,
          JsonMapper.class,
          JsonParser.class,
          JsonFormat.class);

  private static final int BAD_ARGUMENTS = 153;
  private static final int ABORTED = 134;
  private static final List<String> WITH_VALUE =
      List.of(
          "api-sock",
          "id",
          "config-file",
          "log-path",
          "level",
          "metrics-path",
          "start-time-us",
          "start-time-cpu-us");
  private static final List<String> FLAGS = List.of("no-api", "version", "snapshot-version");

  private FakeFirecracker() {}

  /**
   * Puts a program {@code firecracker} into the folder, with all the classes that it needs: whoever
   * may enter the folder can run it.
   */
  public static Path install(Path folder, Settings settings) throws IOException {
    Path classes = Files.createDirectories(folder.resolve("classes"));
    var path = new ArrayList<String>();
    for (Class<?> each : NEEDED) {
      path.add(copy(Path.of(location(each)), classes.resolve("part" + path.size())).toString());
    }
    Stream<String> java =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx64m",
            "-cp",
            String.join(":", path));
    String line =
        Stream.of(java, settings.arguments().stream(), Stream.of(FakeFirecracker.class.getName()))
            .flatMap(words -> words)
            .map(word -> "'" + word + "'")
            .reduce("exec", (one, other) -> one + " " + other);
    Path program = folder.resolve("firecracker");
    Files.writeString(program, "#!/bin/sh\n" + line + " \"$@\"\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What a program that was put into the folder reads of the host. */
  public static List<Path> files(Path folder) {
    return Stream.of("/bin", "/lib", "/lib64", "/usr", System.getProperty("java.home"), folder)
        .map(path -> Path.of(path.toString()))
        .filter(Files::exists)
        .toList();
  }

  private static URI location(Class<?> of) {
    try {
      return of.getProtectionDomain().getCodeSource().getLocation().toURI();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of a file, or of a folder with all that is in it. */
  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Path target = to.resolve(from.relativize(each).toString());
        if (!Files.exists(target)) {
          Files.copy(each, target);
        }
      }
    }
    return to;
  }

  /** A process of its own: it ends as Firecracker does. */
  public static void main(String[] words) throws Exception {
    Optional<Map<String, String>> given = parse(words);
    if (given.isEmpty()) {
      System.out.println("Arguments parsing error: " + String.join(" ", words));
      Runtime.getRuntime().halt(BAD_ARGUMENTS);
    }
    Map<String, String> arguments = given.orElseThrow();
    Settings settings = Settings.ofThisProcess();
    if (arguments.containsKey("version")) {
      System.out.println("Firecracker v" + settings.version() + "\n");
    } else if (arguments.containsKey("snapshot-version")) {
      System.out.println("v11.0.0");
    } else {
      run(arguments, settings);
    }
  }

  private static void run(Map<String, String> arguments, Settings settings) throws Exception {
    String id = arguments.getOrDefault("id", "anonymous-instance");
    if (!id.matches("[A-Za-z0-9-]{1,64}")) {
      System.out.println("Firecracker panicked: Invalid instance ID: " + id);
      Runtime.getRuntime().halt(ABORTED);
    }
    boolean info = arguments.getOrDefault("level", "info").matches("(?i)info|debug|trace");
    FakeLog log =
        FakeLog.open(id, info, Optional.ofNullable(arguments.get("log-path")).map(Path::of));
    if (arguments.containsKey("no-api")) {
      boot(Path.of(arguments.getOrDefault("config-file", "")));
      return;
    }
    String socket = arguments.getOrDefault("api-sock", "/run/firecracker.socket");
    var metrics = new FakeMetrics();
    if (arguments.containsKey("metrics-path")) {
      metrics.open(Path.of(arguments.getOrDefault("metrics-path", "")));
    }
    if (arguments.containsKey("start-time-us")) {
      metrics.startedAt(Long.parseLong(arguments.getOrDefault("start-time-us", "")));
    }
    var machine = new Machine(id, settings, log, metrics, FakeFirecracker::writeDown);
    try (var _ = ApiServer.listen(Path.of(socket), machine)) {
      Thread.sleep(Long.MAX_VALUE);
    } catch (IOException e) {
      log.error(
          "main",
          "RunWithApiError error: Failed to open the API socket at: "
              + socket
              + ". Check that it is not already used.");
      log.error("main", "Firecracker exiting with error. exit_code=1");
      Runtime.getRuntime().halt(1);
    }
  }

  private static void writeDown(HttpReader.Request request) {
    String line = request.method() + " /" + request.path() + " " + request.body().orElse("");
    try {
      Files.writeString(
          Path.of(REQUESTS),
          line.strip() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As far as a kernel gets that has an initrd. */
  private static void boot(Path config) throws IOException {
    var machine = Json.MAPPER.readTree(Files.readString(config));
    Path kernel = Path.of(machine.path("boot-source").path("kernel_image_path").asString(""));
    if (!machine.has("drives") || !Files.exists(kernel)) {
      System.out.println("RunWithoutApiError error: Failed to build MicroVM from Json");
      Runtime.getRuntime().halt(1);
    }
    System.out.println("[    0.1] Run /init as init process");
  }

  private static Optional<Map<String, String>> parse(String[] words) {
    var arguments = new LinkedHashMap<String, String>();
    for (int i = 0; i < words.length; i++) {
      String name = words[i].replaceFirst("^--", "");
      boolean value = WITH_VALUE.contains(name) && i + 1 < words.length;
      if (name.equals(words[i]) || !(value || FLAGS.contains(name))) {
        return Optional.empty();
      }
      arguments.put(name, value ? words[++i] : "");
    }
    boolean lacksFile = arguments.containsKey("no-api") && !arguments.containsKey("config-file");
    return lacksFile ? Optional.empty() : Optional.of(arguments);
  }
}
