package dev.skep.cli;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One method with its schema: from JSON to a message, and back. */
record GrpcMethod(MethodDescriptor descriptor) {

  byte[] request(String json) {
    Descriptor input = descriptor.getInputType();
    DynamicMessage.Builder message = DynamicMessage.newBuilder(input);
    try {
      JsonFormat.parser().merge(json.isBlank() ? "{}" : json, message);
    } catch (InvalidProtocolBufferException e) {
      throw new SkepException(
          Code.INVALID,
          "--data: "
              + e.getMessage()
              + " (expected: JSON of "
              + input.getFullName()
              + " with "
              + String.join(
                  ", ", input.getFields().stream().map(field -> field.getJsonName()).toList())
              + ")",
          e);
    }
    return message.build().toByteArray();
  }

  String response(byte[] message) {
    try {
      DynamicMessage parsed = DynamicMessage.parseFrom(descriptor.getOutputType(), message);
      return JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(parsed);
    } catch (InvalidProtocolBufferException e) {
      throw new SkepException(
          Code.INTERNAL,
          "the answer is no " + descriptor.getOutputType().getFullName() + ": " + e.getMessage(),
          e);
    }
  }

  /** The messages of a gRPC body, without their length prefixes. */
  static List<byte[]> messages(byte[] body) {
    var messages = new ArrayList<byte[]>();
    int at = 0;
    while (at + 5 <= body.length) {
      int length = java.nio.ByteBuffer.wrap(body, at + 1, 4).getInt();
      if (body[at] != 0 || length < 0 || length > body.length - at - 5) {
        throw new SkepException(
            Code.INTERNAL, "the answer is no gRPC body (byte " + at + "; compressed or cut off)");
      }
      messages.add(Arrays.copyOfRange(body, at + 5, at + 5 + length));
      at += 5 + length;
    }
    return messages;
  }
}
