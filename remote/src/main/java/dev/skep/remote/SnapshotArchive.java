package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.HostCpu;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.FileFacts;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotStore;
import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.airlift.compress.v3.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A snapshot as one file: a tar in zstd of the manifest, the files that it names, and their {@code
 * SHA256SUMS}. Thread-safe.
 */
public final class SnapshotArchive {
  private static final String SUMS = "SHA256SUMS";
  private static final int MAX_TEXT_BYTES = 1 << 20;
  private static final int BUFFER_BYTES = 64 << 10;

  private final SnapshotStore store;
  private final Supplier<List<String>> vmms;

  /**
   * @param vmms kinds and versions of this host's, as manifests have them
   */
  public SnapshotArchive(SnapshotStore store, Supplier<List<String>> vmms) {
    this.store = store;
    this.vmms = vmms;
  }

  /**
   * Writes a snapshot.
   *
   * @param out is opened once the snapshot can be written, and closed
   * @throws SkepException NOT_FOUND; GONE when it is retired; CONFLICT while its memory is fetched
   */
  public void write(String id, Supplier<OutputStream> out) throws IOException {
    try (Lease lease = store.hold(id)) {
      if (!lease.whole()) {
        throw new SkepException(
            Code.CONFLICT,
            "snapshot %s: some of its memory is still in object storage (expected: all of it here; it comes while a guest runs from it)"
                .formatted(id));
      }
      try (var tar = new TarArchiveOutputStream(new ZstdOutputStream(out.get()))) {
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        write(lease, tar);
      }
    }
  }

  private static void write(Lease lease, TarArchiveOutputStream tar) throws IOException {
    var sums = new StringBuilder();
    byte[] manifest = lease.manifest().toJson();
    text(tar, SnapshotFiles.MANIFEST, manifest);
    sum(sums, SnapshotFiles.MANIFEST, Chunks.sha256().digest(manifest));
    for (var file : lease.manifest().files().entrySet()) {
      var entry = new TarArchiveEntry(file.getKey());
      entry.setSize(file.getValue().bytes());
      entry.setMode(0600); // memory holds secrets
      tar.putArchiveEntry(entry);
      MessageDigest sha = Chunks.sha256();
      try (InputStream in = Files.newInputStream(lease.file(file.getKey()))) {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          sha.update(buffer, 0, read);
          tar.write(buffer, 0, read);
        }
      }
      tar.closeArchiveEntry();
      sum(sums, file.getKey(), sha.digest());
    }
    text(tar, SUMS, sums.toString().getBytes(StandardCharsets.US_ASCII));
  }

  private static void text(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    var entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    entry.setMode(0600);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  /** As {@code sha256sum} writes and checks it. */
  private static void sum(StringBuilder sums, String name, byte[] digest) {
    sums.append(HexFormat.of().formatHex(digest)).append("  ").append(name).append('\n');
  }

  /**
   * Makes what {@link #write} wrote a snapshot of this host.
   *
   * @throws SkepException INVALID, with found and expected, if it is something else or was altered;
   *     UNSUPPORTED if it was taken on another kind of host, where nothing could be restored from
   *     it
   */
  public Manifest read(InputStream in) throws IOException {
    try (var tar = new TarArchiveInputStream(new ZstdInputStream(in))) {
      return read(tar);
    } catch (MalformedInputException | IllegalArgumentException e) {
      throw invalid("no zstd: " + e.getMessage());
    } catch (IOException e) {
      throw invalid("not a whole tar in zstd: " + e.getMessage());
    }
  }

  private Manifest read(TarArchiveInputStream tar) throws IOException {
    var sums = new StringBuilder();
    next(tar, SnapshotFiles.MANIFEST);
    byte[] json = tar.readNBytes(MAX_TEXT_BYTES);
    Manifest manifest = Manifest.parse(json);
    sum(sums, SnapshotFiles.MANIFEST, Chunks.sha256().digest(json));
    requireThisKindOfHost(manifest);
    try (Draft draft = store.draft(manifest.key())) {
      // names come from the manifest's fields, never from the archive
      for (var file : new LinkedHashMap<>(manifest.files()).entrySet()) {
        next(tar, file.getKey());
        sum(sums, file.getKey(), extract(tar, draft.file(file.getKey()), file));
      }
      next(tar, SUMS);
      String found = new String(tar.readNBytes(MAX_TEXT_BYTES), StandardCharsets.US_ASCII);
      if (!found.contentEquals(sums)) {
        throw invalid("its files have SHA-256 '%s' (expected: '%s')".formatted(sums, found));
      }
      return draft.publishCopy(manifest);
    }
  }

  private static void next(TarArchiveInputStream tar, String expected) throws IOException {
    TarArchiveEntry entry = tar.getNextEntry();
    String found = entry == null ? "its end" : "'" + entry.getName() + "'";
    if (entry == null
        || !entry.getName().equals(expected)
        || entry.getLinkFlag() != TarArchiveEntry.LF_NORMAL) {
      throw invalid("%s (expected: file '%s')".formatted(found, expected));
    }
  }

  private static byte[] extract(
      TarArchiveInputStream tar, Path to, Map.Entry<String, FileFacts> file) throws IOException {
    MessageDigest sha = Chunks.sha256();
    long left = file.getValue().bytes();
    try (var out = new RandomAccessFile(to.toFile(), "rw")) {
      out.setLength(left);
      byte[] buffer = new byte[BUFFER_BYTES];
      byte[] zeros = new byte[BUFFER_BYTES];
      for (int read = tar.readNBytes(buffer, 0, buffer.length);
          read > 0 && read <= left;
          read = tar.readNBytes(buffer, 0, buffer.length)) {
        sha.update(buffer, 0, read);
        if (Arrays.equals(buffer, 0, read, zeros, 0, read)) {
          out.seek(out.getFilePointer() + read); // a hole
        } else {
          out.write(buffer, 0, read);
        }
        left -= read;
      }
    }
    if (left != 0 || tar.read() >= 0) {
      throw invalid(
          "'%s' is not %d bytes long, as its manifest says"
              .formatted(file.getKey(), file.getValue().bytes()));
    }
    return sha.digest();
  }

  private void requireThisKindOfHost(Manifest manifest) {
    Manifest.Facts facts = manifest.facts();
    List<String> here = vmms.get();
    if (!facts.cpuModel().equals(HostCpu.model()) || !here.contains(facts.vmm())) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "snapshot %s was taken by %s on %s (expected: %s on %s, where it can be restored)"
              .formatted(
                  manifest.id(),
                  facts.vmm(),
                  facts.cpuModel(),
                  String.join(" or ", here),
                  HostCpu.model()));
    }
  }

  private static SkepException invalid(String found) {
    return new SkepException(Code.INVALID, "snapshot archive: " + found);
  }
}
