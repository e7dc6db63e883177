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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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

  /** Characters of a claim's uid. */
  private static final int UID = 36;

  private final ResourceStore store;
  private final Path root;
  private final ServiceAccountTokens tokens;
  private final Disks disks;

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
   * The folder of a claim, made and mounted where it is not.
   *
   * @throws SkepException EXHAUSTED where the disk has no room for it; another where its file
   *     system is there but cannot be mounted
   */
  synchronized Path ensure(ApiObject claim) {
    Path folder = place(claim);
    Path image = image(folder);
    if (Files.exists(image)) {
      mount(image, folder);
    } else if (!Files.exists(folder)) {
      make(claim, folder, image);
    }
    return folder;
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
      image.toFile().delete();
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
    try {
      return Files.exists(image) ? OptionalLong.of(Files.size(image)) : OptionalLong.empty();
    } catch (IOException e) {
      throw broken(image, e);
    }
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
   * Makes the file system as large as the claim asks for. Nobody may use it, and whoever wants to
   * begin waits: blocks for as long as it takes to check it.
   *
   * @throws SkepException EXHAUSTED where the disk has no room, CONFLICT where somebody uses it; it
   *     is as it was then
   */
  synchronized void grow(ApiObject claim) {
    Path folder = place(claim);
    disks.spare(size(claim) - capacity(claim).orElse(0));
    disks.close(folder);
    try {
      disks.grow(image(folder), size(claim));
    } finally {
      ensure(claim);
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
    try {
      if (Files.exists(image(folder))) {
        disks.close(folder);
      }
      Folders.delete(folder);
      Files.deleteIfExists(image(folder));
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
