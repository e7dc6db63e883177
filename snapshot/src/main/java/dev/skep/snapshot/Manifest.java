package dev.skep.snapshot;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.HostCpu;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * What a snapshot is of, what it needs and what its files are: {@code manifest.json}, written last.
 * It holds nothing of the function's configuration: no variables, no arguments.
 *
 * @param schema of this document; only {@link #SCHEMA} is read
 * @param id name of the snapshot and of its folder
 * @param workingSet what the first restore recorded
 */
public record Manifest(
    int schema,
    String id,
    SnapshotKey key,
    Facts facts,
    Instant createdAt,
    FileFacts memory,
    FileFacts vmState,
    Optional<RecordedSet> workingSet) {

  /** The one version of the document that this code writes and reads. */
  public static final int SCHEMA = 1;

  private static final ObjectMapper MAPPER =
      ApiJson.mapper()
          .rebuild()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /**
   * What the store cannot find out itself.
   *
   * @param imageDigest of the image that the guest runs
   * @param vmm kind and version, for people: compatibility is the key's
   * @param cpuModel of the host that it was taken on, for people too
   * @param pauseMicros how long the guest stood still
   */
  public record Facts(
      String namespace,
      String service,
      String revision,
      String imageDigest,
      String vmm,
      String cpuModel,
      long pauseMicros) {
    /** Of a snapshot that was taken on this host. */
    public static Facts here(
        String namespace,
        String service,
        String revision,
        String imageDigest,
        String vmm,
        Duration pause) {
      return new Facts(
          namespace, service, revision, imageDigest, vmm, HostCpu.model(), pause.toNanos() / 1_000);
    }
  }

  /**
   * A working set on disk.
   *
   * @param pages how many
   * @param order {@link SnapshotFiles#WORKING_SET}
   * @param content {@link SnapshotFiles#WORKING_SET_PAGES}
   */
  public record RecordedSet(int pages, FileFacts order, FileFacts content) {
    /** Length of the pages back to back. */
    public long bytes() {
      return content.bytes();
    }
  }

  /** Size of the guest's memory, which is that of its file. */
  public long memoryBytes() {
    return memory.bytes();
  }

  /** READY or RECORDED: a retired snapshot has no manifest. */
  public SnapshotState state() {
    return workingSet.isPresent() ? SnapshotState.RECORDED : SnapshotState.READY;
  }

  /** What its files take on disk. */
  public long allocatedBytes() {
    return files().values().stream().mapToLong(FileFacts::allocatedBytes).sum();
  }

  /** Its files by their names in the folder. */
  public Map<String, FileFacts> files() {
    var files = new LinkedHashMap<String, FileFacts>();
    files.put(SnapshotFiles.MEMORY, memory);
    files.put(SnapshotFiles.STATE, vmState);
    workingSet.ifPresent(
        set -> {
          files.put(SnapshotFiles.WORKING_SET, set.order());
          files.put(SnapshotFiles.WORKING_SET_PAGES, set.content());
        });
    return files;
  }

  Manifest withWorkingSet(Optional<RecordedSet> set) {
    return new Manifest(schema, id, key, facts, createdAt, memory, vmState, set);
  }

  /** As it is written. */
  public byte[] toJson() {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws SkepException UNSUPPORTED for another schema, INVALID for what is no manifest
   */
  public static Manifest parse(byte[] json) {
    try {
      JsonNode document = MAPPER.readTree(json);
      JsonNode schema = document.path("schema");
      if (!schema.isInt() || schema.intValue() != SCHEMA) {
        String found = schema.isMissingNode() ? "none" : schema.toString();
        throw new SkepException(
            Code.UNSUPPORTED,
            "snapshot manifest: schema %s (expected: %d)".formatted(found, SCHEMA));
      }
      return MAPPER.treeToValue(document, Manifest.class);
    } catch (JacksonException e) {
      throw new SkepException(
          Code.INVALID,
          "snapshot manifest: %s (found: %s)".formatted(e.getOriginalMessage(), beginning(json)),
          e);
    }
  }

  private static String beginning(byte[] json) {
    int shown = 60;
    String text = new String(json, 0, Math.min(shown, json.length), StandardCharsets.UTF_8);
    return "'" + text.replaceAll("\\s+", " ") + (json.length > shown ? "...'" : "'");
  }
}
