package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.ProcessWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * Machines that an earlier daemon started and that still run, whichever VMM it used and this one
 * uses now.
 */
final class RunningVms {
  private RunningVms() {}

  /**
   * @throws SkepException NOT_FOUND if there is no such process
   */
  static Vm attach(long pid, ProcessWatch watch) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow(() -> gone(pid));
    Path folder = folder(pid);
    CompletableFuture<Void> exit = watch.onExit(pid);
    return Files.exists(folder.resolve(FirecrackerVm.API))
        ? new FirecrackerVm(
            process, folder, exit.thenApply(_ -> new FirecrackerExit(folder).reason()))
        : new QemuVm(process, exit.thenApply(_ -> "VMM ended"));
  }

  private static Path folder(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd"));
    } catch (IOException e) {
      throw gone(pid);
    }
  }

  private static SkepException gone(long pid) {
    return new SkepException(Code.NOT_FOUND, "VMM process " + pid + ": gone");
  }
}
