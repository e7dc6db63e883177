package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.SnapshotFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Saves one running Firecracker. It can write only where its user can, so both files are written in
 * its folder, while it stands still; and because it may be in a guest's hands, what it wrote is
 * copied: nothing of a snapshot is a file that a VMM could still change.
 */
final class FirecrackerSave {
  private static final Logger LOG = LoggerFactory.getLogger(FirecrackerSave.class);

  /** Names in its folder and, for the time of the copy, in the snapshot's. */
  private static final String MEMORY = "saved-memory";

  private static final String STATE = "saved-state";

  /** Firecracker itself loads no larger one. */
  private static final long MAX_STATE_BYTES = 10_000_000;

  private final FirecrackerVm vm;
  private final Path from;
  private final BooleanSupplier nothingSwapped;

  /** In the API's words. */
  private enum Kind {
    FULL("Full"),

    /** Of a guest that was booted and whose writes are not logged: the pages that are resident. */
    DIFF("Diff");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /**
   * @param from the VMM's folder
   * @param nothingSwapped whether all that the guest has ever touched is in the host's memory now
   */
  FirecrackerSave(FirecrackerVm vm, Path from, BooleanSupplier nothingSwapped) {
    this.vm = vm;
    this.from = from;
    this.nothingSwapped = nothingSwapped;
  }

  /** How long the guest stood still; it runs again afterwards. */
  Duration into(Path folder) {
    try {
      removeLeftovers();
      Duration pause = write();
      take(folder);
      return pause;
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, "snapshot in " + folder + ": " + e, e);
    }
  }

  private Duration write() {
    boolean diff = vm.ask(FirecrackerSave::savesResidentPages);
    long stopped = System.nanoTime();
    try {
      Kind kind = vm.whilePaused(api -> diff ? createDiff(api) : create(api, Kind.FULL));
      Duration pause = Duration.ofNanos(System.nanoTime() - stopped);
      LOG.info("VMM {} stood still for {} ms: {} snapshot", vm.pid(), pause.toMillis(), kind.text);
      return pause;
    } catch (SkepException e) {
      goOn(e);
      throw e;
    }
  }

  private static boolean savesResidentPages(FirecrackerApi api) throws IOException {
    JsonNode machine = api.get("/machine-config");
    return !machine.path("track_dirty_pages").asBoolean(true)
        && FirecrackerVersion.at(api.get("/").path("vmm_version").asString(""))
            .filter(found -> found.savesResidentPages(machine.path("mem_size_mib").asLong(0) << 20))
            .isPresent();
  }

  /**
   * A page that is swapped out is not resident and would be lost. Nobody reads one in meanwhile, as
   * the guest stands still: if there is none afterwards, there was none.
   */
  private Kind createDiff(FirecrackerApi api) throws IOException {
    if (nothingSwapped.getAsBoolean()) {
      create(api, Kind.DIFF);
      if (nothingSwapped.getAsBoolean()) {
        return Kind.DIFF;
      }
      removeLeftovers(); // a Full would be written into them
    }
    return create(api, Kind.FULL);
  }

  private static Kind create(FirecrackerApi api, Kind kind) throws IOException {
    api.put(
        "/snapshot/create",
        FirecrackerApi.body()
            .put("snapshot_type", kind.text)
            .put("snapshot_path", STATE)
            .put("mem_file_path", MEMORY));
    return kind;
  }

  private void goOn(SkepException failure) {
    try {
      vm.resume();
      removeLeftovers();
    } catch (SkepException | IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Pages of zeros become holes, if Firecracker has written them. */
  void take(Path folder) throws IOException {
    Path memory = outOfReach(MEMORY, folder);
    try (var copy = new MemoryCopy(memory, folder.resolve(SnapshotFiles.MEMORY))) {
      copy.pass();
    }
    Files.delete(memory);
    Path state = outOfReach(STATE, folder);
    if (Files.size(state) > MAX_STATE_BYTES) {
      throw new IOException("state of " + Files.size(state) + " bytes");
    }
    Files.copy(state, folder.resolve(SnapshotFiles.STATE));
    Files.delete(state);
    for (String file : new String[] {SnapshotFiles.MEMORY, SnapshotFiles.STATE}) {
      // a clone's VMM opens them as its own user; the folder keeps everybody else out
      Files.setPosixFilePermissions(
          folder.resolve(file), PosixFilePermissions.fromString("rw-r--r--"));
    }
  }

  /** Once it is in a folder of ours, its name means one file: only then is it looked at. */
  private Path outOfReach(String name, Path folder) throws IOException {
    Path moved = folder.resolve(name);
    Files.move(from.resolve(name), moved);
    if (!Files.isRegularFile(moved, LinkOption.NOFOLLOW_LINKS)
        || !Files.getAttribute(moved, "unix:nlink").equals(1)) {
      Files.delete(moved);
      throw new IOException(name + ": not a file of the VMM's alone");
    }
    return moved;
  }

  private void removeLeftovers() throws IOException {
    Files.deleteIfExists(from.resolve(MEMORY));
    Files.deleteIfExists(from.resolve(STATE));
  }
}
