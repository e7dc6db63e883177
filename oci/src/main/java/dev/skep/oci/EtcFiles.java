package dev.skep.oci;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.RootFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files that tell a sandbox who and where it is. They lie in its folder and are mounted
 * read-only over those of the image: a function could fill the host's disk with them otherwise.
 */
final class EtcFiles {
  private static final String MACHINE_ID = "/etc/machine-id";
  private static final SecureRandom RANDOM = new SecureRandom();

  private EtcFiles() {}

  /**
   * Writes them anew.
   *
   * @return where each belongs
   */
  static Map<String, Path> write(
      Path folder,
      RootFiles image,
      String hostname,
      String address,
      List<String> nameservers,
      List<String> searchDomains) {
    var texts = new LinkedHashMap<String, String>();
    texts.put("/etc/hostname", hostname + "\n");
    texts.put("/etc/hosts", hosts(hostname, address));
    texts.put("/etc/resolv.conf", resolv(nameservers, searchDomains));
    if (wantsMachineId(image)) {
      texts.put(MACHINE_ID, machineId());
    }
    var files = new LinkedHashMap<String, Path>();
    texts.forEach((path, text) -> files.put(path, write(folder.resolve(name(path)), text)));
    return files;
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static String hosts(String hostname, String address) {
    return "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n%s\t%s\n"
        .formatted(address, hostname);
  }

  /** As a pod's, so that names of functions are tried before those of the world. */
  private static String resolv(List<String> nameservers, List<String> searchDomains) {
    String servers =
        String.join("", nameservers.stream().map(server -> "nameserver " + server + "\n").toList());
    return searchDomains.isEmpty()
        ? servers
        : servers + "search " + String.join(" ", searchDomains) + "\noptions ndots:5\n";
  }

  /** The image's own, if it has one, is the same in every container of it. */
  private static boolean wantsMachineId(RootFiles image) {
    return image
        .text(MACHINE_ID)
        .map(text -> text.isBlank() || text.startsWith("uninitialized"))
        .orElse(false);
  }

  private static String machineId() {
    byte[] id = new byte[16];
    RANDOM.nextBytes(id);
    return HexFormat.of().formatHex(id) + "\n";
  }

  private static Path write(Path file, String text) {
    try {
      Files.writeString(file, text);
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, file + ": cannot be written: " + e, e);
    }
  }
}
