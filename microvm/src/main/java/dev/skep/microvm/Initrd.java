package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a guest has before its image is mounted: the agent as {@code /init}, the kernel's modules in
 * {@code /modules} and the names to load in {@code /modules/order}.
 */
final class Initrd {
  private static final String AGENT = "/dev/skep/guest/init";

  private Initrd() {}

  /** The file for this kernel, in the folder, named by its content. */
  static Path ensure(Path folder, GuestKernel kernel) {
    try {
      return store(folder, build(agent(), kernel));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "initrd in " + folder + ": " + e, e);
    }
  }

  static byte[] build(byte[] agent, GuestKernel kernel) throws IOException {
    var cpio = new Cpio();
    cpio.folder("dev").characterDevice("dev/console", 5, 1).folder("modules");
    cpio.file("init", agent);
    String order = names(kernel.channelModules()) + "--\n" + names(kernel.rootModules());
    cpio.file("modules/order", order.getBytes(StandardCharsets.UTF_8));
    for (List<Path> modules : List.of(kernel.channelModules(), kernel.rootModules())) {
      for (Path module : modules) {
        cpio.file("modules/" + module.getFileName(), Files.readAllBytes(module));
      }
    }
    return cpio.finish();
  }

  private static String names(List<Path> modules) {
    return modules.stream().map(path -> path.getFileName() + "\n").collect(Collectors.joining());
  }

  private static Path store(Path folder, byte[] content) throws IOException {
    Path file = folder.resolve("initrd-" + digest(content) + ".cpio");
    if (!Files.exists(file) || Files.size(file) != content.length) {
      Path temporary = Files.createTempFile(Files.createDirectories(folder), "initrd", "");
      Files.write(temporary, content);
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return file;
  }

  private static byte[] agent() throws IOException {
    try (InputStream in = Initrd.class.getResourceAsStream(AGENT)) {
      if (in == null) {
        throw new SkepException(
            Code.INTERNAL, AGENT + ": not on the class path (module guest builds it)");
      }
      return in.readAllBytes();
    }
  }

  private static String digest(byte[] content) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(content))
          .substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
