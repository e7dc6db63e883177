package dev.skep.remote;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectMapper;

/**
 * A snapshot in the store: the object that is written last and read first. Its first line is the
 * SHA-256 of the JSON that follows.
 *
 * @param chunkBytes of which size the memory's chunks are
 * @param index the names of the chunks, as {@link Chunks} says
 * @param workingSet {@code working-set} and {@code working-set.pages} back to back
 * @param snapshot as it was where it was taken
 */
record RemoteManifest(
    int schema,
    int chunkBytes,
    Stored state,
    Stored index,
    Optional<Stored> workingSet,
    Manifest snapshot) {
  static final int SCHEMA = 1;

  private static final int DIGEST_DIGITS = 64;

  static final ObjectMapper MAPPER =
      ApiJson.mapper()
          .rebuild()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** All snapshots of the image. */
  static String folder(String imageDigest) {
    return "snapshots/" + imageDigest.replace(':', '-') + "/";
  }

  static String key(String imageDigest, SnapshotKey key) {
    return folder(imageDigest) + key.value().replace(':', '-');
  }

  String key() {
    return key(snapshot.facts().imageDigest(), snapshot.key());
  }

  byte[] toBytes() {
    byte[] json = MAPPER.writeValueAsBytes(this);
    String digest = Chunks.name(ByteBuffer.wrap(json)) + "\n";
    return ByteBuffer.allocate(digest.length() + json.length)
        .put(digest.getBytes(StandardCharsets.US_ASCII))
        .put(json)
        .array();
  }

  /**
   * Reads it back.
   *
   * @param name of the object, for messages
   * @throws SkepException INVALID if it was altered, UNSUPPORTED if another version has written it
   */
  static RemoteManifest parse(String name, byte[] bytes) {
    int from = Math.min(bytes.length, DIGEST_DIGITS + 1);
    String expected = new String(bytes, 0, from, StandardCharsets.US_ASCII).strip();
    String found = Chunks.name(ByteBuffer.wrap(bytes, from, bytes.length - from));
    if (!found.equals(expected)) {
      throw new SkepException(
          Code.INVALID,
          "%s: content with SHA-256 %s (expected: %s)".formatted(name, found, expected));
    }
    try {
      var json = MAPPER.readTree(bytes, from, bytes.length - from);
      if (json.path("schema").asInt(0) != SCHEMA
          || json.path("chunkBytes").asInt(0) != Chunks.BYTES) {
        throw new SkepException(
            Code.UNSUPPORTED,
            "%s: schema %s with chunks of %s bytes (expected: %d, %d)"
                .formatted(
                    name, json.path("schema"), json.path("chunkBytes"), SCHEMA, Chunks.BYTES));
      }
      return MAPPER.treeToValue(json, RemoteManifest.class);
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, name + ": " + e.getOriginalMessage(), e);
    }
  }
}
