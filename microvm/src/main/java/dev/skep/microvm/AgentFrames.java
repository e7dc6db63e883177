package dev.skep.microvm;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The framing of the agent channel: u32 length, one JSON object. The guest is not trusted. */
final class AgentFrames {
  static final int MAX_FRAME_BYTES = 2 << 20;
  static final JsonMapper JSON = JsonMapper.builder().build();

  private AgentFrames() {}

  static void write(DataOutputStream out, ObjectNode message) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(message);
    if (bytes.length > MAX_FRAME_BYTES) {
      throw new IOException(
          "message to the agent: " + bytes.length + " bytes (expected: at most 2 MiB)");
    }
    out.writeInt(bytes.length);
    out.write(bytes);
    out.flush();
  }

  /** Blocks for the next message; {@link EOFException} at the end of the channel. */
  static ObjectNode read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length <= 0 || length > MAX_FRAME_BYTES) {
      throw new IOException(
          "frame from the agent: length "
              + Integer.toUnsignedString(length)
              + " (expected: 1 to 2 MiB)");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    JsonNode node;
    try {
      node = JSON.readTree(bytes);
    } catch (JacksonException e) {
      throw new IOException("frame from the agent: not JSON: " + e.getOriginalMessage(), e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new IOException("frame from the agent: " + node.getNodeType() + " (expected: an object)");
  }
}
