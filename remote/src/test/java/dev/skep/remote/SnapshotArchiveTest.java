package dev.skep.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.DataExtents;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotState;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.airlift.compress.v3.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotArchiveTest {
  @TempDir Path folder;
  private Host a;
  private Host b;
  private String id;

  @BeforeEach
  void open() throws IOException {
    a = new Host(folder.resolve("a"), "http://127.0.0.1:1");
    b = new Host(folder.resolve("b"), "http://127.0.0.1:1");
    id = a.take('a', 1);
    a.record(id);
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private byte[] written() throws IOException {
    var out = new ByteArrayOutputStream();
    new SnapshotArchive(a.store, () -> List.of(Host.VMM)).write(id, () -> out);
    return out.toByteArray();
  }

  private Manifest read(byte[] archive) throws IOException {
    return new SnapshotArchive(b.store, () -> List.of(Host.VMM))
        .read(new ByteArrayInputStream(archive));
  }

  private void refused(byte[] archive, Code code, String... words) {
    assertThatThrownBy(() -> read(archive))
        .isInstanceOfSatisfying(SkepException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(words);
    assertThat(b.store.list()).isEmpty();
    assertThat(folder.resolve("b")).isEmptyDirectory();
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    Manifest read = read(written());

    assertThat(read).isEqualTo(a.store.describe(id).manifest());
    assertThat(b.store.describe(id).state()).isEqualTo(SnapshotState.RECORDED);
    assertThat(b.store.verify(id)).isEmpty();
    Path memory = b.store.describe(id).folder().resolve(SnapshotFiles.MEMORY);
    assertThat(DataExtents.allocatedBytes(memory)).isLessThanOrEqualTo(Host.MEMORY - Chunks.BYTES);
    assertThat(read(written()).id()).isNotEqualTo(id); // a second one has a number of its own
  }

  @Test
  void refusesAnotherKindOfHost() throws IOException {
    byte[] archive = written();
    assertThatThrownBy(
            () ->
                new SnapshotArchive(b.store, () -> List.of("QEMU 9"))
                    .read(new ByteArrayInputStream(archive)))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED))
        .hasMessageContainingAll(Host.VMM, "expected: QEMU 9");
    assertThat(b.store.list()).isEmpty();
  }

  @Test
  void refusesWhatWasCutOff() throws IOException {
    byte[] archive = written();
    for (int part = 0; part < 8; part++) {
      refused(Arrays.copyOf(archive, archive.length * part / 8), Code.INVALID, "snapshot archive:");
    }
    refused(Arrays.copyOf(archive, archive.length - 1), Code.INVALID, "snapshot archive:");
  }

  @Test
  void refusesWhatIsNone() {
    refused("no archive at all".getBytes(StandardCharsets.UTF_8), Code.INVALID, "archive");
  }

  private record Entry(String name, byte[] content, byte type) {}

  private List<Entry> entries() throws IOException {
    var entries = new java.util.ArrayList<Entry>();
    try (var tar =
        new TarArchiveInputStream(new ZstdInputStream(new ByteArrayInputStream(written())))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        entries.add(new Entry(entry.getName(), tar.readAllBytes(), TarArchiveEntry.LF_NORMAL));
      }
    }
    return entries;
  }

  private static byte[] packed(List<Entry> entries) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(new ZstdOutputStream(out))) {
      for (Entry each : entries) {
        var entry = new TarArchiveEntry(each.name(), each.type(), true);
        entry.setSize(each.type() == TarArchiveEntry.LF_NORMAL ? each.content().length : 0);
        entry.setLinkName("/etc/passwd");
        tar.putArchiveEntry(entry);
        if (each.type() == TarArchiveEntry.LF_NORMAL) {
          tar.write(each.content());
        }
        tar.closeArchiveEntry();
      }
    }
    return out.toByteArray();
  }

  @Test
  void refusesNamesThatAreNotTheManifests() throws IOException {
    for (String name : List.of("../../escaped", "/escaped", "memory/../../escaped", "other")) {
      List<Entry> entries = entries();
      entries.set(1, new Entry(name, entries.get(1).content(), TarArchiveEntry.LF_NORMAL));
      refused(packed(entries), Code.INVALID, "'" + name + "' (expected: file 'memory')");
    }
    List<Entry> entries = entries();
    entries.set(1, new Entry("memory", new byte[0], TarArchiveEntry.LF_SYMLINK));
    refused(packed(entries), Code.INVALID, "(expected: file 'memory')");
    assertThat(folder.resolve("escaped")).doesNotExist();
  }

  @Test
  void refusesFilesThatWereAltered() throws IOException {
    for (int i = 0; i < entries().size(); i++) {
      List<Entry> entries = entries();
      byte[] content = entries.get(i).content();
      content[content.length / 2] ^= 1;
      assertThatThrownBy(() -> read(packed(entries))).isInstanceOf(SkepException.class);
      assertThat(b.store.list()).isEmpty();
    }
  }

  @Test
  void refusesFilesOfAnotherLength() throws IOException {
    List<Entry> entries = entries();
    byte[] longer = Arrays.copyOf(entries.get(2).content(), entries.get(2).content().length + 1);
    entries.set(2, new Entry("state", longer, TarArchiveEntry.LF_NORMAL));
    refused(packed(entries), Code.INVALID, "'state' is not 10 bytes long");
  }

  @Test
  void writesNothingOfWhatIsNotAllHere() throws IOException {
    Files.createFile(a.store.describe(id).folder().resolve(SnapshotFiles.ABSENT));

    assertThatThrownBy(this::written)
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.CONFLICT))
        .hasMessageContaining("still in object storage");
  }
}
