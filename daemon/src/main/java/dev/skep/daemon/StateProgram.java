package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.store.StoreBackup;
import java.nio.file.Path;
import java.time.Instant;

/** {@code skep state}: {@code backup FOLDER FILE} or {@code restore FOLDER FILE}. */
public final class StateProgram {
  private StateProgram() {}

  /** Exit code 1: failed. */
  public static void main(String[] args) {
    Path folder = Path.of(args[1]);
    Path file = Path.of(args[2]).toAbsolutePath();
    try {
      if (args[0].equals("backup")) {
        System.err.printf("%s: %s%n", file, objects(StoreBackup.write(folder, file)));
      } else {
        StoreBackup.Restored restored = StoreBackup.restore(file, folder, Instant.now());
        System.err.println("restored " + objects(restored.objects()));
        restored.replaced().ifPresent(old -> System.err.println("until now: " + old));
      }
    } catch (SkepException e) {
      System.err.println("skep: " + e.getMessage());
      System.exit(1);
    }
  }

  private static String objects(long count) {
    return count + (count == 1 ? " object" : " objects");
  }
}
