package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.InstanceField;
import dev.skep.api.Quantity;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.api.Volume;
import dev.skep.api.VolumeClaim;
import dev.skep.control.Claims;
import dev.skep.control.ServiceAccountTokens;
import dev.skep.host.Folders;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where claims have their files: {@code NAMESPACE/NAME-UID}, at which the file system in {@code
 * NAME-UID.img} is mounted, as large as the claim asks for. A folder without such a file is one of
 * the host's disk, without a limit: an earlier version made it, or a host that has no loop devices.
 * Safe for use by several threads.
 */
public final class Volumes implements Claims {
  private static final Logger LOG = LoggerFactory.getLogger(Volumes.class);

  /** Less is hardly a file system. */
  private static final long SMALLEST = 16L << 20;

  private static final long STEP = 1L << 20;
  private static final String DELETED = ".deleted";

  /** How long a pod's start waits for a claim, before it is tried again later. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Characters of a claim's uid. */
  private static final int UID = 36;

  private final ResourceStore store;
  private final Path root;
  private final ServiceAccountTokens tokens;
  private final Disks disks;

  /** Of each folder: one does something with it at a time. */
  private final Map<Path, ReentrantLock> locks = new ConcurrentHashMap<>();

  /**
   * @param tokens makes those that projected volumes ask for
   */
  Volumes(ResourceStore store, Path root, ServiceAccountTokens tokens, Disks disks) {
    this.store = store;
    this.root = root;
    this.tokens = tokens;
    this.disks = disks;
  }

  /** Below the state folder of a daemon. */
  public static Volumes in(Path state, ResourceStore store, ServiceAccountTokens tokens) {
    Path root = state.resolve("volumes");
    return new Volumes(store, root, tokens, new LoopDisks(root));
  }

  /** Of a claim, whether it is there or not: one that is made again has another. */
  Path place(ApiObject claim) {
    return root.resolve(claim.namespace()).resolve(claim.name() + "-" + claim.uid());
  }

  private static Path image(Path folder) {
    return folder.resolveSibling(folder.getFileName() + ".img");
  }

  /** There while a folder is to be removed, once nobody uses it any more. */
  private static Path markOf(Path folder) {
    return folder.resolveSibling(folder.getFileName() + DELETED);
  }

  @Override
  public Optional<Path> folder(String namespace, String name) {
    return store.get(ResourceKind.CLAIM, namespace, name).map(this::ensure);
  }

  /**
   * The folder of a claim, made and mounted where it is not. Waits some seconds for others who do
   * something with the same one.
   *
   * @throws SkepException EXHAUSTED where the disk has no room for it, UNAVAILABLE where others are
   *     not done; another where its file system is there but cannot be mounted
   */
  Path ensure(ApiObject claim) {
    Path folder = place(claim);
    alone(folder, () -> provide(claim, folder));
    return folder;
  }

  private void provide(ApiObject claim, Path folder) {
    Path image = image(folder);
    if (Files.exists(image)) {
      mount(image, folder);
    } else if (!Files.exists(folder)) {
      make(claim, folder, image);
    }
  }

  /** Two claims never wait for each other. */
  private void alone(Path folder, Runnable work) {
    ReentrantLock lock = locks.computeIfAbsent(folder, _ -> new ReentrantLock());
    try {
      if (!lock.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new SkepException(
            Code.UNAVAILABLE, "its file system is being made, repaired or resized");
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "volume " + folder + ": interrupted", closing);
    }
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #ensure} would have nothing to do; never waits. */
  boolean isThere(ApiObject claim) {
    Path folder = place(claim);
    return Files.exists(folder) && (!Files.exists(image(folder)) || disks.isOpen(folder));
  }

  private void make(ApiObject claim, Path folder, Path image) {
    createFolder(image.resolveSibling(""));
    setMode(root, "rwx------"); // nobody else of the host gets past it
    try {
      disks.make(image, size(claim));
      mount(image, folder);
    } catch (SkepException e) {
      if (e.code() != Code.UNSUPPORTED && e.code() != Code.INTERNAL) {
        throw e; // it may work the next time
      }
      LOG.warn("claim {}: capacity not enforced: {}", Pod.Key.of(claim), e.getMessage());
      if (Files.exists(folder) && disks.isOpen(folder)) {
        disks.close(folder);
      }
      disks.delete(image);
      createFolder(folder);
      letWrite(folder);
    }
  }

  private void mount(Path image, Path folder) {
    createFolder(folder);
    if (!disks.isOpen(folder)) {
      disks.open(image, folder);
      letWrite(folder);
    }
  }

  private static void createFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Whatever user a process has, it may write; from its first file on the mode is its own. */
  private static void letWrite(Path folder) {
    String[] files = folder.toFile().list();
    if (files != null && files.length == 0) {
      setMode(folder, "rwxrwxrwx");
    }
  }

  private static void setMode(Path folder, String mode) {
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(mode));
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Bytes that its files and their metadata may have; empty where nothing limits them. */
  OptionalLong capacity(ApiObject claim) {
    Path image = image(place(claim));
    return Files.exists(image) ? OptionalLong.of(disks.size(image)) : OptionalLong.empty();
  }

  /** Bytes that are left in its folder, which is there. */
  long free(ApiObject claim) {
    Path folder = place(claim);
    try {
      return Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** What a claim gets: whole MiB, at least as many bytes as it asks for. */
  static long size(ApiObject claim) {
    long asked = Quantity.parse(VolumeClaim.storage(claim)).roundedUp();
    return Math.max(SMALLEST, Math.ceilDiv(asked, STEP) * STEP);
  }

  /**
   * Makes the file system as large as the claim asks for, unless somebody uses it. Whoever wants to
   * begin meanwhile waits: it blocks for as long as it takes to copy and to check it.
   *
   * @param free asked once nobody can begin any more
   * @throws SkepException EXHAUSTED where the disk has no room, CONFLICT where something is open in
   *     it; it is as it was then
   */
  void grow(ApiObject claim, BooleanSupplier free) {
    Path folder = place(claim);
    alone(
        folder,
        () -> {
          if (free.getAsBoolean()) {
            grow(claim, folder);
          }
        });
  }

  private void grow(ApiObject claim, Path folder) {
    disks.spare(size(claim)); // for the copy; asked while the folder is still there
    disks.close(folder);
    try {
      disks.grow(image(folder), size(claim));
    } finally {
      provide(claim, folder);
    }
  }

  /** Its claim is gone: the next daemon is to know, should this one not get to delete it. */
  void mark(Path folder) {
    Path mark = markOf(folder);
    createFolder(mark.resolveSibling(""));
    try {
      Files.write(mark, new byte[0]);
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  /** Folders whose claims are gone, with these. */
  Map<Path, Pod.Key> marked() {
    try (Stream<Path> all = Files.exists(root) ? Files.walk(root, 2) : Stream.empty()) {
      var found = new HashMap<Path, Pod.Key>();
      for (Path mark : all.filter(file -> file.toString().endsWith(DELETED)).toList()) {
        Path relative = root.relativize(mark);
        String folder = relative.getName(1).toString().replaceFirst("\\.deleted$", "");
        String claim = folder.substring(0, folder.length() - UID - 1);
        found.put(mark.resolveSibling(folder), new Pod.Key(relative.getName(0).toString(), claim));
      }
      return found;
    } catch (IOException e) {
      throw broken(root, e);
    }
  }

  /** Removes a folder whose claim is gone, with all that is in it. */
  void delete(Path folder) {
    alone(folder, () -> remove(folder));
    locks.remove(folder);
  }

  private void remove(Path folder) {
    try {
      if (Files.exists(image(folder))) {
        disks.close(folder);
      }
      Folders.delete(folder);
      disks.delete(image(folder));
      Files.deleteIfExists(markOf(folder));
    } catch (IOException e) {
      throw broken(folder, e);
    }
  }

  private static SkepException broken(Path path, IOException e) {
    return new SkepException(Code.INTERNAL, "volume " + path + ": " + e, e);
  }

  @Override
  public String token(Volume.Token wanted, InstanceField.Instance owner) {
    return tokens.issue(wanted, owner);
  }
}
