package dev.skep.store;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.OSInfo;

/**
 * Keeps SQLite's native library in the state folder. The driver would unpack it into the folder for
 * temporary files at every start, and leave it there whenever the process is killed.
 */
final class NativeLibrary {
  private static final String PATH_PROPERTY = "org.sqlite.lib.path";
  private static final String NAME_PROPERTY = "org.sqlite.lib.name";

  private NativeLibrary() {}

  /** Tells the driver where it is; the first folder of this process wins. */
  static synchronized void prepare(Path folder) {
    if (System.getProperty(PATH_PROPERTY) != null) {
      return;
    }
    String platform = OSInfo.getNativeLibFolderPathForCurrentOS();
    String resource = "/org/sqlite/native/" + platform + "/libsqlitejdbc.so";
    String name =
        "libsqlitejdbc-%s-%s.so"
            .formatted(SQLiteJDBCLoader.getVersion(), platform.replace('/', '-'));
    try {
      Path file = folder.toAbsolutePath().resolve(name);
      if (!Files.exists(file)) {
        unpack(resource, file);
      }
      System.setProperty(PATH_PROPERTY, folder.toAbsolutePath().toString());
      System.setProperty(NAME_PROPERTY, name);
    } catch (IOException e) {
      throw new SkepException(
          Code.INTERNAL, "SQLite's library cannot be unpacked into %s: %s".formatted(folder, e), e);
    }
  }

  private static void unpack(String resource, Path file) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try (InputStream in = SQLiteJDBCLoader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the driver has none for this platform: " + resource);
      }
      Files.copy(in, draft, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
