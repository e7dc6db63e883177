package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The files that a process in a root of its own sees: others can be shown to it while it runs. The
 * process has no part in it and needs no right. Needs root, and Linux 5.2.
 */
public final class ForeignRoot {
  private static final int AT_FDCWD = -100;
  private static final long OPEN_TREE_CLONE_CLOEXEC = 1 | SystemCalls.O_CLOEXEC;
  private static final long MOVE_MOUNT_F_EMPTY_PATH = 4;
  private static final int CLONE_FS = 0x200;
  private static final int CLONE_NEWNS = 0x20000;

  /** Nothing is written by that way, made a program of or a device. */
  private static final long REMOUNT_READ_ONLY = 0x20 | 0x1000 | 1 | 2 | 4 | 8;

  private static final long SYS_OPEN_TREE = 428;
  private static final long SYS_MOVE_MOUNT = 429;

  private static final MethodHandle OPEN_TREE =
      SystemCalls.handle64("syscall", JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle MOVE_MOUNT =
      SystemCalls.handle64("syscall", JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle MOUNT =
      SystemCalls.handle("mount", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle UNSHARE = SystemCalls.handle("unshare", JAVA_INT);
  private static final MethodHandle SETNS = SystemCalls.handle("setns", JAVA_INT, JAVA_INT);

  private ForeignRoot() {}

  /** One file, and the path in the other root as the kernel reads it. */
  private record Shown(Path file, Descriptor tree, Path place, MemorySegment path) {}

  /**
   * Shows files of this process's to another, read-only. Whether it may open them is for their
   * permissions to say, as ever.
   *
   * @param pid of a process with a mount namespace of its own
   * @param files by the paths at which it finds them: those are files already
   * @throws SkepException NOT_FOUND if a file is not there; INTERNAL where it cannot be done
   */
  public static void show(long pid, Map<Path, Path> files) {
    var open = new ArrayList<Descriptor>();
    Arena arena = Arena.ofAuto(); // to close a shared one would wait for every thread
    try {
      var namespace = new Descriptor(checked(pid + ": mount namespace", namespace(pid)));
      open.add(namespace);
      var shown = new ArrayList<Shown>();
      for (Map.Entry<Path, Path> file : files.entrySet()) {
        shown.add(open(file.getValue(), file.getKey(), arena));
        open.add(shown.getLast().tree());
      }
      moveAll(namespace, shown, arena.allocateFrom(""));
    } finally {
      open.forEach(Descriptor::close);
    }
  }

  /**
   * By a thread that lives in the other namespace from there on, and so for no longer than that.
   */
  private static void moveAll(Descriptor namespace, List<Shown> shown, MemorySegment empty) {
    var results = new int[1 + shown.size()];
    Thread mover =
        Thread.ofPlatform()
            .name("foreign-root")
            .start(
                () -> {
                  // from here on no class is found any more, and so no exception made
                  results[0] = enter(namespace.number());
                  for (int i = 0; i < shown.size() && results[i] == 0; i++) {
                    results[i + 1] = move(shown.get(i), empty);
                  }
                });
    join(mover);
    checked("mount namespace", results[0]);
    for (int i = 0; i < shown.size(); i++) {
      Shown each = shown.get(i);
      checked(each.file() + " shown at " + each.place(), results[i + 1]);
    }
  }

  private static void join(Thread mover) {
    boolean interrupted = false;
    while (mover.isAlive()) {
      try {
        mover.join();
      } catch (InterruptedException e) {
        interrupted = true; // it takes microseconds, and has what is ours
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static int checked(String what, int result) {
    if (result < 0) {
      Code code = result == -SystemCalls.ENOENT ? Code.NOT_FOUND : Code.INTERNAL;
      throw new SkepException(code, what + ": " + Errno.describe(-result));
    }
    return result;
  }

  private static Shown open(Path file, Path place, Arena arena) {
    var tree = new Descriptor(checked(file.toString(), openTree(file)));
    return new Shown(file, tree, place, arena.allocateFrom(place.toString()));
  }

  private static int namespace(long pid) {
    return SystemCalls.open("/proc/" + pid + "/ns/mnt", 0);
  }

  /** A mount of the file alone that is nowhere yet. SAFETY: the path is copied. */
  private static int openTree(Path file) {
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      long result =
          (long)
              OPEN_TREE.invokeExact(
                  slot,
                  SYS_OPEN_TREE,
                  (long) AT_FDCWD,
                  arena.allocateFrom(file.toString()),
                  OPEN_TREE_CLONE_CLOEXEC);
      return (int) SystemCalls.result(slot, result);
    } catch (Throwable e) {
      throw new AssertionError("open_tree", e);
    }
  }

  /** SAFETY: no memory is passed; changes the calling thread alone, for ever. */
  private static int enter(int namespace) {
    MemorySegment slot = SystemCalls.slot();
    try {
      int alone = SystemCalls.result(slot, (int) UNSHARE.invokeExact(slot, CLONE_FS));
      return alone < 0
          ? alone
          : SystemCalls.result(slot, (int) SETNS.invokeExact(slot, namespace, CLONE_NEWNS));
    } catch (Throwable e) {
      throw new AssertionError("setns", e);
    }
  }

  /** SAFETY: the paths are their arena's, which outlives the thread. */
  private static int move(Shown each, MemorySegment empty) {
    MemorySegment slot = SystemCalls.slot();
    try {
      long moved =
          (long)
              MOVE_MOUNT.invokeExact(
                  slot,
                  SYS_MOVE_MOUNT,
                  (long) each.tree().number(),
                  empty,
                  (long) AT_FDCWD,
                  each.path(),
                  MOVE_MOUNT_F_EMPTY_PATH);
      int result = (int) SystemCalls.result(slot, moved);
      return result < 0
          ? result
          : SystemCalls.result(
              slot,
              (int)
                  MOUNT.invokeExact(
                      slot,
                      MemorySegment.NULL,
                      each.path(),
                      MemorySegment.NULL,
                      REMOUNT_READ_ONLY,
                      MemorySegment.NULL));
    } catch (Throwable e) {
      throw new AssertionError("move_mount", e);
    }
  }
}
