package dev.skep.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Finds methods in descriptors, and makes descriptors of {@code .proto} files. */
final class GrpcSchemas {
  /** What everybody's first function speaks; known here so that one call is one call. */
  static final FileDescriptorProto GREETER = greeter();

  private GrpcSchemas() {}

  /**
   * The method {@code package.Service/Method} among these files; their imports may be there too.
   */
  static GrpcMethod find(String name, Collection<FileDescriptorProto> files) {
    String service = name.substring(0, name.indexOf('/'));
    String method = name.substring(name.indexOf('/') + 1);
    ServiceDescriptor found =
        link(files).values().stream()
            .flatMap(file -> file.getServices().stream())
            .filter(candidate -> candidate.getFullName().equals(service))
            .findFirst()
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.NOT_FOUND,
                        "the schema has no service "
                            + service
                            + " (found: "
                            + files.stream()
                                .flatMap(file -> file.getServiceList().stream())
                                .map(ServiceDescriptorProto::getName)
                                .toList()
                            + ")"));
    MethodDescriptor descriptor = found.findMethodByName(method);
    if (descriptor == null) {
      throw new SkepException(
          Code.NOT_FOUND,
          service
              + " has no method "
              + method
              + Nearest.hint(
                  method, found.getMethods().stream().map(MethodDescriptor::getName).toList()));
    }
    if (descriptor.isClientStreaming()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          name + " takes a stream of messages (expected: a method that takes one)");
    }
    return new GrpcMethod(descriptor);
  }

  private static Map<String, FileDescriptor> link(Collection<FileDescriptorProto> files) {
    var protos = new LinkedHashMap<String, FileDescriptorProto>();
    files.forEach(file -> protos.put(file.getName(), file));
    var linked = new LinkedHashMap<String, FileDescriptor>();
    protos.keySet().forEach(name -> link(name, protos, linked));
    return linked;
  }

  private static FileDescriptor link(
      String name, Map<String, FileDescriptorProto> protos, Map<String, FileDescriptor> linked) {
    FileDescriptor done = linked.get(name);
    if (done != null) {
      return done;
    }
    FileDescriptorProto proto = protos.get(name);
    if (proto == null) {
      throw new SkepException(Code.INVALID, "the schema imports " + name + ", which is not there");
    }
    FileDescriptor[] imports =
        proto.getDependencyList().stream()
            .map(file -> link(file, protos, linked))
            .toArray(FileDescriptor[]::new);
    try {
      FileDescriptor built = FileDescriptor.buildFrom(proto, imports);
      linked.put(name, built);
      return built;
    } catch (DescriptorValidationException e) {
      throw new SkepException(
          Code.INVALID, "the schema " + name + " is not valid: " + e.getMessage(), e);
    }
  }

  /** Compiles a {@code .proto} file with protoc. */
  static Collection<FileDescriptorProto> compile(Path proto)
      throws IOException, InterruptedException {
    Path folder = proto.toAbsolutePath().getParent();
    Path out = Files.createTempFile("skep-schema", ".bin");
    try {
      Process protoc;
      try {
        protoc =
            new ProcessBuilder(
                    "protoc",
                    "--include_imports",
                    "--proto_path=" + folder,
                    "--descriptor_set_out=" + out,
                    proto.toAbsolutePath().toString())
                .redirectErrorStream(true)
                .start();
      } catch (IOException e) {
        throw new SkepException(
            Code.UNSUPPORTED,
            "--proto needs protoc, which is not here (apt-get install protobuf-compiler)",
            e);
      }
      String output = new String(protoc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (protoc.waitFor() != 0) {
        throw new SkepException(Code.INVALID, "--proto " + proto + ": " + output.strip());
      }
      return FileDescriptorSet.parseFrom(Files.readAllBytes(out)).getFileList();
    } finally {
      Files.deleteIfExists(out);
    }
  }

  static FileDescriptorProto parse(ByteString bytes) {
    try {
      return FileDescriptorProto.parseFrom(bytes);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new SkepException(
          Code.INTERNAL, "the function's schema is broken: " + e.getMessage(), e);
    }
  }

  private static FileDescriptorProto greeter() {
    return FileDescriptorProto.newBuilder()
        .setName("helloworld.proto")
        .setPackage("helloworld")
        .setSyntax("proto3")
        .addMessageType(message("HelloRequest", "name"))
        .addMessageType(message("HelloReply", "message"))
        .addService(
            ServiceDescriptorProto.newBuilder()
                .setName("Greeter")
                .addMethod(
                    MethodDescriptorProto.newBuilder()
                        .setName("SayHello")
                        .setInputType(".helloworld.HelloRequest")
                        .setOutputType(".helloworld.HelloReply")))
        .build();
  }

  private static DescriptorProto message(String name, String text) {
    return DescriptorProto.newBuilder()
        .setName(name)
        .addField(
            FieldDescriptorProto.newBuilder()
                .setName(text)
                .setNumber(1)
                .setType(FieldDescriptorProto.Type.TYPE_STRING)
                .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL))
        .build();
  }
}
