package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;

/** Programs and libraries that come with Skep as class path resources. */
public final class Bundled {
  private Bundled() {}

  /** Puts the resource into the folder, executable for all, if it is not there. */
  public static Path unpack(Class<?> owner, String resource, Path folder) {
    Path target = folder.resolve(resource);
    try (InputStream in = owner.getResourceAsStream(resource)) {
      if (in == null) {
        throw new SkepException(
            Code.INTERNAL,
            resource + ": not on the class path (built by the Makefile of its module)");
      }
      byte[] bytes = in.readAllBytes();
      if (!Files.exists(target) || !Arrays.equals(Files.readAllBytes(target), bytes)) {
        Path temporary = Files.createTempFile(Files.createDirectories(folder), resource, "");
        Files.write(temporary, bytes);
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      }
      return target;
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, target + ": cannot be written: " + e, e);
    }
  }
}
