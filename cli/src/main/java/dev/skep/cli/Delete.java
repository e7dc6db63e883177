package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "delete",
    description = "Delete functions and other objects, and what runs of them.")
final class Delete extends SkepCommand {
  @Parameters(
      arity = "0..*",
      paramLabel = "NAME|KIND/NAME",
      description = "Functions (or Deployments) by name, other objects with their kind before it.")
  List<String> names = List.of();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "The objects of a manifest, as far as they exist; - is standard input.")
  @Nullable Path file;

  @Option(
      names = {"-n", "--namespace"},
      description = "Their namespace (default: the manifest's, or default).")
  @Nullable String namespace;

  Delete(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws IOException {
    if (names.isEmpty() == (file == null)) {
      throw new SkepException(Code.INVALID, "delete: give either names or -f FILE");
    }
    try (ApiClient api = api()) {
      for (String name : names) {
        delete(api, namespace == null ? "default" : namespace, ObjectName.parse(name));
      }
      if (file != null) {
        for (Json manifest : Manifests.read(file, namespace).reversed()) {
          written(api, manifest);
        }
      }
      return ExitCodes.OK;
    }
  }

  private void delete(ApiClient api, String from, ObjectName object) {
    String name = object.name();
    ObjectKind kind =
        object
            .kind()
            .orElseGet(
                () ->
                    Manifests.find(api, ObjectKind.FUNCTION.one(from, name)).isEmpty()
                            && Manifests.find(api, ObjectKind.DEPLOYMENT.one(from, name))
                                .isPresent()
                        ? ObjectKind.DEPLOYMENT
                        : ObjectKind.FUNCTION);
    api.delete(kind.one(from, name));
    terminal().note("deleted " + from + "/" + name);
  }

  private void written(ApiClient api, Json manifest) {
    ObjectKind kind = ObjectKind.of(manifest).orElseThrow();
    String name = Services.name(manifest);
    try {
      api.delete(kind.one(Services.namespace(manifest), name));
      terminal().note("deleted " + kind.resource() + "/" + name);
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
      terminal().note(kind.resource() + "/" + name + " is not there");
    }
  }
}
