package dev.skep.cli;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skep snapshot ls|describe|rm|verify|export|import}. */
final class SnapshotCommands {
  private static final String SNAPSHOTS = ApiClient.SKEP + "/snapshots";

  private SnapshotCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("ls", new Ls(globals));
    group.addSubcommand("describe", new Describe(globals));
    group.addSubcommand("rm", new Rm(globals));
    group.addSubcommand("verify", new Verify(globals));
    group.addSubcommand("export", new Export(globals));
    group.addSubcommand("import", new Import(globals));
    return group;
  }

  private static String one(String id) {
    return SNAPSHOTS + "/" + ApiClient.encode(id);
  }

  private static String workingSet(Json snapshot) {
    Json set = snapshot.at("workingSet");
    return set.isMissing()
        ? "-"
        : String.format(
            Locale.ROOT,
            "%,d pages, %s",
            set.at("pages").number(),
            Times.bytes(set.at("bytes").number()));
  }

  @Command(
      name = "snapshot",
      description = "List, describe, remove, verify, export and import snapshots.")
  static final class Group extends CommandGroup {
    Group() {
      super("ls, describe, rm, verify, export or import");
    }
  }

  @Command(name = "ls", description = "List the snapshots of this host, last used first.")
  static final class Ls extends SkepCommand {
    @Option(names = "--service", description = "Only those of this service.")
    String service = "";

    @Option(
        names = {"-n", "--namespace"},
        description = "Only those of this namespace (default: all).")
    String namespace = "";

    Ls(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        Json snapshots =
            api.get(
                SNAPSHOTS
                    + "?namespace="
                    + ApiClient.encode(namespace)
                    + "&service="
                    + ApiClient.encode(service));
        if (!wantsTable()) {
          printTree(snapshots);
          return ExitCodes.OK;
        }
        print(snapshots.at("items").items());
        return ExitCodes.OK;
      }
    }

    private void print(List<Json> snapshots) {
      if (snapshots.isEmpty()) {
        terminal().note("no snapshots (a function gets one after its first answer)");
        return;
      }
      Instant now = Instant.now();
      var table =
          new Table(
              terminal(),
              "ID",
              "NAMESPACE",
              "REVISION",
              "STATE",
              "SIZE",
              "WORKING SET",
              "USED",
              "AGE");
      for (Json snapshot : snapshots) {
        table.row(
            snapshot.at("id").text(),
            snapshot.at("namespace").text(),
            snapshot.at("revision").text(),
            snapshot.at("state").text(),
            Times.bytes(snapshot.at("allocatedBytes").number()),
            workingSet(snapshot),
            Times.age(snapshot.at("lastUsedAt").text(), now) + " ago",
            Times.age(snapshot.at("createdAt").text(), now));
      }
      table.print();
    }
  }

  @Command(
      name = "describe",
      description = "Show all that is known of a snapshot: origin, sizes, working set, files.")
  static final class Describe extends SkepCommand {
    @Parameters(paramLabel = "ID", description = "Snapshot, as 'skep snapshot ls' names it.")
    String id = "";

    Describe(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        Json snapshot = api.get(one(id));
        if (!wantsTable()) {
          printTree(snapshot);
          return ExitCodes.OK;
        }
        print(snapshot);
        return ExitCodes.OK;
      }
    }

    private void print(Json snapshot) {
      var table = new Table(terminal());
      row(table, "Id", snapshot.at("id").text());
      row(table, "State", snapshot.at("state").text() + used(snapshot.at("leases").number()));
      row(table, "Service", snapshot.at("namespace").text() + "/" + snapshot.at("service").text());
      row(table, "Revision", snapshot.at("revision").text());
      row(table, "Image", snapshot.at("imageDigest").text());
      row(table, "VMM", snapshot.at("vmm").text());
      row(table, "CPU", snapshot.at("cpuModel").text());
      row(
          table,
          "Memory",
          Times.bytes(snapshot.at("memoryBytes").number())
              + ", "
              + Times.bytes(snapshot.at("allocatedBytes").number())
              + " on disk");
      row(table, "Working set", workingSet(snapshot));
      row(table, "Paused", Times.precise(snapshot.at("pauseMicros").number() * 1000));
      row(table, "Key", snapshot.at("key").text());
      row(table, "Folder", snapshot.at("folder").text());
      Instant now = Instant.now();
      row(table, "Last used", Times.age(snapshot.at("lastUsedAt").text(), now) + " ago");
      row(table, "Age", Times.age(snapshot.at("createdAt").text(), now));
      table.print();
      terminal().println("");
      printFiles(snapshot);
    }

    private void row(Table table, String name, String value) {
      table.row(terminal().bold(name), value);
    }

    private static String used(long leases) {
      return leases == 0 ? "" : ", in use by " + leases;
    }

    private void printFiles(Json snapshot) {
      var table = new Table(terminal(), "FILE", "SIZE", "ON DISK", "CRC32C");
      snapshot
          .at("files")
          .fields()
          .forEach(
              (name, file) ->
                  table.row(
                      name,
                      Times.bytes(file.at("bytes").number()),
                      Times.bytes(file.at("allocatedBytes").number()),
                      file.at("crc32c").text()));
      table.print();
    }
  }

  @Command(
      name = "rm",
      description = "Remove snapshots; what runs from them goes on, the next start boots.")
  static final class Rm extends SkepCommand {
    @Parameters(arity = "1..*", paramLabel = "ID", description = "Snapshots to remove.")
    List<String> ids = List.of();

    Rm(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        for (String id : ids) {
          api.delete(one(id));
          terminal().note("removed " + id);
        }
        return ExitCodes.OK;
      }
    }
  }

  @Command(
      name = "verify",
      description = "Read all files of snapshots and compare them with their checksums.")
  static final class Verify extends SkepCommand {
    @Parameters(arity = "1..*", paramLabel = "ID", description = "Snapshots to verify.")
    List<String> ids = List.of();

    Verify(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      var results = new ArrayList<Json>();
      try (ApiClient api = api()) {
        for (String id : ids) {
          // As a stream, which has no deadline: a large memory file takes its time.
          api.stream(one(id) + "/verify", Json.object(), results::add);
        }
      }
      print(results);
      return results.stream().allMatch(Verify::isWhole) ? ExitCodes.OK : ExitCodes.FAILED;
    }

    private static boolean isWhole(Json result) {
      return result.at("problems").items().isEmpty();
    }

    private void print(List<Json> results) {
      if (!wantsTable()) {
        printTree(Json.object().set("items", results.stream().map(Json::value).toList()));
        return;
      }
      for (Json result : results) {
        String id = result.at("id").text();
        if (isWhole(result)) {
          terminal().println(id + ": " + terminal().green("ok"));
        }
        for (Json problem : result.at("problems").items()) {
          terminal().println(id + ": " + terminal().red(problem.text()));
        }
      }
    }
  }

  @Command(
      name = "export",
      description = "Write a snapshot to one file, for another host of the same kind.")
  static final class Export extends SkepCommand {
    @Parameters(index = "0", paramLabel = "ID", description = "Snapshot to write.")
    String id = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "File to write: a tar in zstd.")
    Path file = Path.of("");

    Export(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        api.download(one(id) + "/export", file);
      }
      terminal().note("wrote " + id + " to " + file);
      return ExitCodes.OK;
    }
  }

  @Command(
      name = "import",
      description =
          "Take over a snapshot that another host has exported; refused if it cannot run here.")
  static final class Import extends SkepCommand {
    @Parameters(paramLabel = "FILE", description = "File that 'skep snapshot export' wrote.")
    Path file = Path.of("");

    Import(Globals globals) {
      super(globals);
    }

    @Override
    int run() {
      try (ApiClient api = api()) {
        Json snapshot = api.upload(SNAPSHOTS, "application/zstd", file);
        if (!wantsTable()) {
          printTree(snapshot);
          return ExitCodes.OK;
        }
        terminal().println(snapshot.at("id").text());
        return ExitCodes.OK;
      }
    }
  }
}
