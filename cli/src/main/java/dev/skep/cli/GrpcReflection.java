package dev.skep.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks a function for its schema (gRPC server reflection). The few fields of its messages are read
 * and written by number: v1 and v1alpha differ in their names only.
 */
final class GrpcReflection {
  private static final List<String> VERSIONS = List.of("v1", "v1alpha");
  private static final int FILE_BY_FILENAME = 3;
  private static final int FILE_CONTAINING_SYMBOL = 4;
  private static final int FILE_DESCRIPTOR_RESPONSE = 4;
  private static final int UNIMPLEMENTED = 12;

  private final GrpcConnection connection;
  private final String authority;
  private final Map<String, String> headers;

  GrpcReflection(GrpcConnection connection, String authority, Map<String, String> headers) {
    this.connection = connection;
    this.authority = authority;
    this.headers = headers;
  }

  /** The file that defines a service, and all that it imports. */
  Collection<FileDescriptorProto> filesOf(String service) {
    for (String version : VERSIONS) {
      GrpcConnection.Answer answer = ask(version, FILE_CONTAINING_SYMBOL, service);
      if (!answer.header("grpc-status").equals(Integer.toString(UNIMPLEMENTED))) {
        return withImports(version, files(service, answer));
      }
    }
    throw new SkepException(
        Code.UNSUPPORTED,
        "the function has no reflection service, so the schema of "
            + service
            + " is not known (expected: --proto FILE, or --data-hex with the encoded message)");
  }

  private Collection<FileDescriptorProto> withImports(
      String version, List<FileDescriptorProto> first) {
    var known = new LinkedHashMap<String, FileDescriptorProto>();
    var open = new ArrayDeque<>(first);
    while (!open.isEmpty()) {
      FileDescriptorProto file = open.pop();
      known.put(file.getName(), file);
      for (String wanted : file.getDependencyList()) {
        boolean there =
            known.containsKey(wanted)
                || open.stream().anyMatch(other -> other.getName().equals(wanted));
        if (!there) {
          open.addAll(files(wanted, ask(version, FILE_BY_FILENAME, wanted)));
        }
      }
    }
    return known.values();
  }

  private GrpcConnection.Answer ask(String version, int field, String value) {
    byte[] request =
        UnknownFieldSet.newBuilder()
            .addField(
                field,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFromUtf8(value))
                    .build())
            .build()
            .toByteArray();
    return connection.call(
        authority,
        "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo",
        headers,
        request);
  }

  private static List<FileDescriptorProto> files(String wanted, GrpcConnection.Answer answer) {
    try {
      for (byte[] message : GrpcMethod.messages(answer.body())) {
        var response = UnknownFieldSet.parseFrom(message);
        if (response.hasField(FILE_DESCRIPTOR_RESPONSE)) {
          ByteString inner =
              response.getField(FILE_DESCRIPTOR_RESPONSE).getLengthDelimitedList().getFirst();
          return UnknownFieldSet.parseFrom(inner).getField(1).getLengthDelimitedList().stream()
              .map(GrpcSchemas::parse)
              .toList();
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new SkepException(
          Code.INTERNAL,
          "the function's reflection service answers nonsense: " + e.getMessage(),
          e);
    }
    throw new SkepException(
        Code.NOT_FOUND,
        "the function's reflection service does not know "
            + wanted
            + " (HTTP "
            + answer.header(":status")
            + ", grpc-status "
            + answer.header("grpc-status")
            + " "
            + answer.header("grpc-message")
            + ")");
  }
}
