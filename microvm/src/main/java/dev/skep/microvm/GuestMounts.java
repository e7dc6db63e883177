package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a guest is sent before its start, to be mounted: files and room, in its memory. The host's
 * folders do not reach it.
 */
final class GuestMounts {
  /** Of a frame, whatever base64 and names add. */
  private static final int MAX_CONTENT_BYTES = 1 << 20;

  private GuestMounts() {}

  /**
   * @throws SkepException INVALID where no guest can have it
   */
  static void check(SandboxSpec spec) {
    for (Mount mount : spec.mounts()) {
      switch (mount) {
        case Mount.Folder(String path, Path source, _) ->
            throw new SkepException(
                Code.INVALID,
                "%s: a microVM cannot have the folder %s of the host (expected: files or an empty folder; sandboxes of the kinds gvisor and container can have it)"
                    .formatted(path, source));
        case Mount.Files files ->
            files.files().forEach((name, content) -> check(files, name, content));
        case Mount.Scratch _ -> {}
      }
    }
  }

  private static void check(Mount.Files mount, String name, byte[] content) {
    if (content.length > MAX_CONTENT_BYTES) {
      throw new SkepException(
          Code.INVALID,
          "%s: file '%s' has %d bytes (expected: at most 1 MiB)"
              .formatted(mount.path(), name, content.length));
    }
  }

  /**
   * Requests of the agent channel; what lies below another mount comes after it.
   *
   * @param memoryBytes of the function: the size of room without a limit
   */
  static List<ObjectNode> messages(List<Mount> mounts, long memoryBytes) {
    return mounts.stream()
        .sorted(Comparator.comparing(Mount::path))
        .flatMap(mount -> messages(mount, memoryBytes))
        .toList();
  }

  private static Stream<ObjectNode> messages(Mount mount, long memoryBytes) {
    return switch (mount) {
      case Mount.Files files -> files(files).stream();
      case Mount.Scratch(String path, OptionalLong sizeLimit) ->
          Stream.of(at(path).put("sizeBytes", sizeLimit.orElse(memoryBytes)));
      case Mount.Folder folder -> throw new IllegalArgumentException(folder + ": not for guests");
    };
  }

  /** As many as need be: what has the same path adds up. */
  private static List<ObjectNode> files(Mount.Files mount) {
    var messages = new ArrayList<ObjectNode>();
    long room = 0;
    ArrayNode open = begin(mount, messages);
    for (Map.Entry<String, byte[]> file : mount.files().entrySet()) {
      if (room + file.getValue().length > MAX_CONTENT_BYTES) {
        open = begin(mount, messages);
        room = 0;
      }
      room += file.getValue().length;
      open.addObject()
          .put("name", file.getKey())
          .put("data", Base64.getEncoder().encodeToString(file.getValue()));
    }
    return messages;
  }

  private static ArrayNode begin(Mount.Files mount, List<ObjectNode> messages) {
    ObjectNode message = at(mount.path()).put("mode", mount.mode());
    messages.add(message);
    return message.putArray("files");
  }

  private static ObjectNode at(String path) {
    return AgentMessages.bare("mount").put("path", path);
  }
}
