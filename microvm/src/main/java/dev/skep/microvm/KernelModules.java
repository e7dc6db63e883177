package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The modules of one kernel package. A package carries no {@code modules.dep}: what a module needs
 * is read from the module itself.
 */
final class KernelModules {
  private final Map<String, Path> files;
  private final Set<String> builtIn;

  private KernelModules(Map<String, Path> files, Set<String> builtIn) {
    this.files = files;
    this.builtIn = builtIn;
  }

  /**
   * Looks at {@code lib/modules/VERSION} of an unpacked package; compressed modules are unpacked in
   * place.
   */
  static KernelModules in(Path folder) throws IOException {
    var files = new HashMap<String, Path>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(path -> path.toString().matches(".*\\.ko(\\.xz)?"))
          .forEach(path -> files.put(name(path.toString()), path));
    }
    var builtIn = new HashSet<String>();
    Files.readAllLines(folder.resolve("modules.builtin")).forEach(line -> builtIn.add(name(line)));
    return new KernelModules(files, builtIn);
  }

  /**
   * The files to load for {@code wanted}, each after those that it needs, without {@code loaded}.
   */
  List<Path> loadOrder(List<String> wanted, List<Path> loaded) throws IOException {
    var order = new LinkedHashSet<>(loaded);
    for (String module : wanted) {
      visit(module, new ArrayList<>(), order);
    }
    return order.stream().skip(loaded.size()).toList();
  }

  private void visit(String module, List<String> path, Set<Path> order) throws IOException {
    if (builtIn.contains(module) || path.contains(module)) {
      return;
    }
    Path file = files.get(module);
    if (file == null) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "kernel module "
              + module
              + ": neither built in nor in the package"
              + (path.isEmpty() ? "" : " (needed by " + path.getLast() + ")"));
    }
    path.add(module);
    for (String needed : depends(Files.readAllBytes(unpacked(module)))) {
      visit(needed, path, order);
    }
    path.removeLast();
    order.add(unpacked(module));
  }

  private Path unpacked(String module) {
    Path file = Optional.ofNullable(files.get(module)).orElseThrow();
    if (!file.toString().endsWith(".xz")) {
      return file;
    }
    Command.of("xz", "-d", file.toString()).run();
    Path plain = file.resolveSibling(file.getFileName().toString().replaceAll("\\.xz$", ""));
    files.put(module, plain);
    return plain;
  }

  /** The {@code depends} entry of a module's .modinfo section: strings that end with a zero. */
  static List<String> depends(byte[] module) {
    String text = new String(module, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("\0depends=");
    if (at < 0) {
      return List.of();
    }
    int from = at + "\0depends=".length();
    return Stream.of(text.substring(from, text.indexOf('\0', from)).split(",", -1))
        .filter(name -> !name.isEmpty())
        .map(KernelModules::name)
        .toList();
  }

  /** As the kernel names it: no folder, no suffix, underscores. */
  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1)
        .replaceAll("\\.ko(\\.xz)?$", "")
        .replace('-', '_');
  }
}
