package dev.skep.cli;

import dev.skep.api.SkepException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skep image import|pull|ls|rm|convert|optimize}. */
final class ImageCommands {
  private static final String IMAGES = ApiClient.SKEP + "/images";

  private ImageCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("import", new Import(globals));
    group.addSubcommand("pull", new Pull(globals));
    group.addSubcommand("ls", new Ls(globals));
    group.addSubcommand("rm", new Rm(globals));
    group.addSubcommand("convert", new Convert(globals));
    group.addSubcommand("optimize", new Optimize(globals));
    return group;
  }

  /** Without the pinned names, which nobody gave, unless there is no other. */
  private static String names(Json image) {
    List<String> all = image.at("references").items().stream().map(Json::text).toList();
    List<String> given = all.stream().filter(name -> !name.contains("@")).toList();
    return String.join(" ", given.isEmpty() ? all : given);
  }

  @Command(name = "image", description = "Import, pull, list, remove and convert images.")
  static final class Group extends CommandGroup {
    Group() {
      super("import, pull, ls, rm, convert or optimize");
    }
  }

  /** What import and pull share: they post, and show the progress that the daemon streams. */
  abstract static class Fetch extends SkepCommand {
    private Json last = new Json(null);

    Fetch(Globals globals) {
      super(globals);
    }

    int fetch(Json request) {
      try (ApiClient api = api()) {
        api.stream(
            IMAGES,
            request,
            line -> {
              last = line;
              if (line.at("image").isMissing() && line.at("error").isMissing()) {
                show(request.at("reference").text(), line);
              }
              return true;
            });
      }
      terminal().clearProgress();
      if (last.at("image").isMissing()) {
        Json error = last.at("error");
        throw new SkepException(
            ExitCodes.ofHttp((int) error.at("code").number(), error.at("reason").text()),
            error
                .at("message")
                .optional()
                .orElse("the daemon ended before the image was there (see 'skep status')"));
      }
      print(last.at("image"));
      return ExitCodes.OK;
    }

    private void show(String reference, Json line) {
      long done = line.at("doneBytes").number();
      long total = line.at("totalBytes").number();
      String amount =
          total > 0 ? Times.bytes(done) + " of " + Times.bytes(total) : Times.bytes(done);
      terminal().progress(reference + ": " + line.at("step").text() + " " + amount);
    }

    private void print(Json image) {
      if (!wantsTable()) {
        printTree(image);
        return;
      }
      terminal()
          .println(
              names(image)
                  + "  "
                  + image.at("digest").text()
                  + "  "
                  + Times.bytes(image.at("sizeBytes").number()));
    }
  }

  @Command(
      name = "import",
      description =
          "Import an OCI layout folder, a 'docker save' archive, or a tar of a root file system.")
  static final class Import extends Fetch {
    @Parameters(
        paramLabel = "PATH",
        description =
            "Layout folder, archive, or root file system tar (with --cmd or --entrypoint).")
    Path path = Path.of("");

    @Option(
        names = "--name",
        paramLabel = "REFERENCE",
        description = "Name of the image (default: made of the file's name).")
    @Nullable String name;

    @Option(
        names = "--entrypoint",
        paramLabel = "WORD",
        description = "Word of the entrypoint; may be given several times.")
    List<String> entrypoint = List.of();

    @Option(
        names = "--cmd",
        paramLabel = "COMMAND",
        description = "Command, split at spaces; or give it several times, one word each.")
    List<String> cmd = List.of();

    @Option(names = "--port", description = "Port that the function listens on.")
    @Nullable Integer port;

    @Option(
        names = {"-e", "--env"},
        paramLabel = "NAME=VALUE",
        description = "Environment variable; may be given several times.")
    Map<String, String> env = Map.of();

    @Option(
        names = "--user",
        description = "User as an image config writes it: uid, name, uid:gid or name:group.")
    String user = "";

    @Option(names = "--workdir", description = "Working folder.")
    String workdir = "";

    Import(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      Json request =
          Json.object()
              .set("reference", reference())
              .set("path", path.toAbsolutePath().normalize().toString());
      if (!cmd.isEmpty() || !entrypoint.isEmpty()) {
        request.set("config", config());
      }
      return fetch(request);
    }

    private String reference() {
      if (name != null) {
        return name;
      }
      String file =
          path.toAbsolutePath().normalize().getFileName().toString().toLowerCase(Locale.ROOT);
      return file.replaceAll("\\.(tar|tar\\.gz|tgz|tar\\.zst)$", "")
          .replaceAll("[^a-z0-9._-]", "-");
    }

    private Json config() {
      List<String> words = cmd.size() == 1 ? List.of(cmd.getFirst().strip().split("\\s+")) : cmd;
      Json config =
          Json.object()
              .set("entrypoint", entrypoint)
              .set("cmd", words)
              .set("env", new LinkedHashMap<>(env))
              .set("user", user)
              .set("workingDir", workdir)
              .set("port", port)
              .set("architecture", "amd64");
      return config;
    }
  }

  @Command(name = "pull", description = "Pull an image from its registry and flatten it.")
  static final class Pull extends Fetch {
    @Parameters(paramLabel = "REFERENCE", description = "Image to pull.")
    String reference = "";

    Pull(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      return fetch(Json.object().set("reference", reference));
    }
  }

  @Command(name = "ls", description = "List the images of this host.")
  static final class Ls extends SkepCommand {
    Ls(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        Json images = api.get(IMAGES);
        if (!wantsTable()) {
          printTree(images);
          return ExitCodes.OK;
        }
        var table = new Table(terminal(), "NAME", "DIGEST", "SIZE", "AGE");
        for (Json image : images.at("items").items()) {
          String digest = image.at("digest").text();
          table.row(
              names(image),
              digest.substring(0, Math.min(19, digest.length())),
              Times.bytes(image.at("sizeBytes").number()),
              Times.age(image.at("createdAt").text(), Instant.now()));
        }
        table.print();
        return ExitCodes.OK;
      }
    }
  }

  @Command(name = "rm", description = "Remove images by name.")
  static final class Rm extends SkepCommand {
    @Parameters(arity = "1..*", paramLabel = "REFERENCE", description = "Names of the images.")
    List<String> references = List.of();

    Rm(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        for (String reference : references) {
          api.delete(IMAGES + "?reference=" + ApiClient.encode(reference));
          terminal().note("removed " + reference);
        }
        return ExitCodes.OK;
      }
    }
  }

  /** Needs no daemon: the launcher runs it in a JVM that has the classes. */
  @Command(
      name = "convert",
      description = {
        "Write an image as eStargz, which starts while it is fetched, into an OCI layout folder.",
        "Push that with any tool, such as: skopeo copy oci:TARGET docker://REFERENCE"
      })
  static class Convert extends SkepCommand {
    @Parameters(
        index = "0",
        paramLabel = "SOURCE",
        description = "OCI layout folder, or archive of one or of 'docker save'.")
    Path source = Path.of("");

    @Parameters(index = "1", paramLabel = "TARGET", description = "Folder, empty or new.")
    Path target = Path.of("");

    @Option(
        names = "--name",
        paramLabel = "REFERENCE",
        description = "Of the image, where the source has several.")
    String name = "";

    Convert(Globals globals) {
      super(globals);
    }

    @Override
    int run() throws Exception {
      return convert("");
    }

    int convert(String list) throws Exception {
      return Launcher.run(
          List.of("convert-image", source.toString(), target.toString(), name, list));
    }
  }

  @Command(
      name = "optimize",
      description = {
        "The same as convert, with what a start reads at the beginning of each layer.",
        "Every host then fetches that first."
      })
  static final class Optimize extends Convert {
    @Parameters(
        index = "2",
        paramLabel = "LIST",
        description = "That a lazy start has recorded: images/access/KEY in the state folder.")
    Path list = Path.of("");

    Optimize(Globals globals) {
      super(globals);
    }

    @Override
    int run() throws Exception {
      return convert(list.toString());
    }
  }
}
