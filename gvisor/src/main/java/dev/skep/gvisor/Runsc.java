package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The runsc of this host, and how containers are driven with it. Each call is one process. The
 * flags before the command must be the same in all calls for one container.
 *
 * @param root where runsc keeps what it knows of its containers
 * @param traits what this version can do, and needs
 */
record Runsc(Path program, String version, String platform, Path root, Traits traits) {
  /**
   * What differs between versions.
   *
   * @param hideSysNet it takes every network namespace for the host's on kernels since 6.9, unless
   *     it cannot see {@code /proc/sys/net}
   * @param checkpoints it can save a sandbox with connections, open or lately closed; others end it
   * @param background a restored container runs before all of its memory is there
   */
  record Traits(boolean hideSysNet, boolean checkpoints, boolean background) {}

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PATIENCE_WITH_DISK = Duration.ofMinutes(2);

  /** For people, and for the keys of snapshots. */
  String description() {
    return "runsc " + version + " (" + platform + ")";
  }

  List<String> commandLine(String... words) {
    var line = new ArrayList<String>();
    line.add(program.toString());
    line.add("--root=" + root);
    line.add("--platform=" + platform);
    line.add("--network=sandbox");
    line.add("--overlay2=none"); // the root's overlay is in memory, by annotation
    if (traits.checkpoints()) {
      line.add("--net-disconnect-ok"); // connections are closed by a checkpoint, not in its way
    }
    line.add("--ignore-cgroups"); // the sandbox's own cgroup holds all of its processes
    line.addAll(List.of(words));
    return line;
  }

  /** Makes a container and starts its process; to be run by {@code hold}. */
  List<String> run(String id, Path bundle, Path pidFile) {
    return commandLine("run", "--detach", "--bundle=" + bundle, "--pid-file=" + pidFile, id);
  }

  /** As {@link #run}, with a process as it was saved. */
  List<String> restore(String id, Path bundle, Path pidFile, Path image) {
    var words = new ArrayList<>(List.of("restore", "--detach", "--bundle=" + bundle));
    words.addAll(List.of("--pid-file=" + pidFile, "--image-path=" + image));
    if (traits.background()) {
      words.add("--background");
    }
    words.add(id);
    return commandLine(words.toArray(String[]::new));
  }

  /** The container goes on. */
  void checkpoint(String id, Path image) {
    run(
        PATIENCE_WITH_DISK,
        commandLine(
            "checkpoint",
            "--image-path=" + image,
            "--compression=none",
            "--leave-running",
            id));
  }

  void pause(String id) {
    run(PATIENCE, commandLine("pause", id));
  }

  void resume(String id) {
    run(PATIENCE, commandLine("resume", id));
  }

  /** To its first process. */
  void signal(String id, String name) {
    run(PATIENCE, commandLine("kill", id, name));
  }

  /** Kills what runs of it; nothing happens if it does not exist. */
  void delete(String id) {
    run(PATIENCE, commandLine("delete", "--force", id));
  }

  /** {@code created}, {@code running}, {@code paused}...; empty if there is no such container. */
  Optional<String> status(String id) {
    return new Command(commandLine("state", id), "", PATIENCE)
        .tryRun()
        .filter(result -> result.exitCode() == 0)
        .flatMap(result -> Optional.ofNullable(field(result.output(), "status")))
        .map(JsonNode::asString);
  }

  private static @Nullable JsonNode field(String json, String name) {
    try {
      return JSON.readTree(json).get(name);
    } catch (JacksonException e) {
      return null;
    }
  }

  private void run(Duration patience, List<String> line) {
    Command.Result result =
        new Command(line, "", patience)
            .tryRun()
            .orElseThrow(
                () -> new SkepException(Code.UNSUPPORTED, program + ": cannot be run any more"));
    if (result.exitCode() != 0) {
      throw failed(result.output());
    }
  }

  /** What runsc said, in words that tell what is wrong. */
  SkepException failed(String said) {
    String text = said.strip();
    return new SkepException(
        Code.INTERNAL,
        RunscWords.meaning(text).orElseGet(() -> "runsc: " + RunscWords.last(text)));
  }
}
