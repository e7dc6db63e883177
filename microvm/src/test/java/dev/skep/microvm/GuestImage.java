package dev.skep.microvm;

import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * An image as tests of the guest need it: {@code /bin/inspect}, accounts, odd files in {@code
 * /etc}, programs that cannot run, and answers to serve in {@code /answers}.
 */
final class GuestImage {
  private static final Path TARGET = Path.of("target", "guest-image").toAbsolutePath();
  private static @Nullable Path built;

  private GuestImage() {}

  /** Built once for each run of the tests: it takes a second, and is never stale. */
  static synchronized Path erofs() {
    if (built == null) {
      built = build();
    }
    return built;
  }

  private static Path build() {
    Path image = TARGET.resolve("guest.erofs");
    try {
      Files.deleteIfExists(image);
      Path root = Files.createDirectories(TARGET.resolve("root"));
      for (String folder : List.of("bin", "etc", "answers")) {
        Files.createDirectories(root.resolve(folder));
      }
      run("cc", "-O1", "-static", "-s", "-o", root + "/bin/inspect", "src/test/c/inspect.c");
      etc(root.resolve("etc"));
      unfitPrograms(root.resolve("bin"));
      answers(root.resolve("answers"));
      run("mkfs.erofs", "-T0", image.toString(), root.toString());
      return image;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void etc(Path etc) throws IOException {
    Files.writeString(
        etc.resolve("passwd"), "root:x:0:0::/root:/x\napp:x:1000:1001::/home/app:/x\n");
    Files.writeString(
        etc.resolve("group"), "root:x:0:\nwheel:x:10:root,app\nown:x:1001:\nextra:x:2000:app\n");
    Files.writeString(etc.resolve("machine-id"), "");
    Path resolv = etc.resolve("resolv.conf");
    Files.deleteIfExists(resolv);
    Files.createSymbolicLink(resolv, Path.of("../run/systemd/resolve/stub-resolv.conf"));
  }

  private static void unfitPrograms(Path bin) throws IOException {
    byte[] arm = Files.readAllBytes(bin.resolve("inspect"));
    arm[18] = (byte) 183; // e_machine: EM_AARCH64
    program(bin.resolve("for-arm"), "rwxr-xr-x", arm);
    program(bin.resolve("script"), "rwxr-xr-x", text("#!/usr/bin/nodejs\n"));
    program(bin.resolve("plain"), "rw-r--r--", text("hello"));
  }

  private static void answers(Path answers) throws IOException {
    Files.writeString(answers.resolve("ok"), "HTTP/1.1 204 No Content\r\n\r\n");
    Files.writeString(answers.resolve("busy"), "HTTP/1.1 503 Busy\r\n\r\n");
    Files.write(answers.resolve("serving"), health(1));
    Files.write(answers.resolve("not-serving"), health(2));
  }

  /** HTTP/2 as a gRPC server sends it: SETTINGS, HEADERS (status 200), DATA. */
  private static byte[] health(int status) {
    byte[] settings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    byte[] headers = {0, 0, 1, 1, 4, 0, 0, 0, 1, (byte) 0x88};
    byte[] data = {0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 8, (byte) status};
    byte[] all = new byte[settings.length + headers.length + data.length];
    System.arraycopy(settings, 0, all, 0, settings.length);
    System.arraycopy(headers, 0, all, settings.length, headers.length);
    System.arraycopy(data, 0, all, settings.length + headers.length, data.length);
    return all;
  }

  private static void program(Path file, String mode, byte[] content) throws IOException {
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void run(String... argv) {
    Command.Result result =
        Command.of(argv).tryRun().orElseGet(() -> Assumptions.abort(argv[0] + ": not installed"));
    if (result.exitCode() != 0) {
      throw new AssertionError(String.join(" ", argv) + ": " + result.output());
    }
  }
}
