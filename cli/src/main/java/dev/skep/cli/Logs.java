package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "logs",
    description = "Print what a function's instances or a Deployment's pods have written.")
final class Logs extends SkepCommand {
  @Parameters(
      paramLabel = "NAME",
      description = "Of a function, of one of its instances, of a Deployment or of a pod.")
  String name = "";

  @Option(
      names = {"-n", "--namespace"},
      description = "Namespace (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  @Option(
      names = {"-f", "--follow"},
      description = "Go on with new lines and new instances, until interrupted.")
  boolean follow;

  @Option(
      names = "--tail",
      paramLabel = "N",
      description = "Only the last N lines of each instance.")
  int tail = -1;

  @Option(names = "--timestamps", description = "Print when each line was written.")
  boolean timestamps;

  Logs(Globals globals) {
    super(globals);
  }

  @Option(
      names = {"-p", "--previous"},
      description = "Of pods: what the container before the last restart has written.")
  boolean previous;

  @Override
  int run() throws InterruptedException {
    name = ObjectName.parse(name).name();
    try (ApiClient api = api()) {
      List<String> instances = instances(api);
      List<Json> pods = instances.isEmpty() ? DeploymentPage.pods(api, namespace, name) : List.of();
      if (!pods.isEmpty()) {
        copyAll(pods);
        return ExitCodes.OK;
      }
      if (instances.isEmpty() && !follow) {
        requireService(api);
        terminal().note("no instance of " + name + " has run lately");
        return ExitCodes.OK;
      }
      if (!follow) {
        instances.forEach(instance -> copy(instance, instances.size() > 1));
        return ExitCodes.OK;
      }
      followAll(api);
      return ExitCodes.OK;
    }
  }

  private void copyAll(List<Json> pods) throws InterruptedException {
    var threads = new ArrayList<Thread>();
    for (Json pod : pods) {
      Runnable copy = () -> copyPod(Services.name(pod), pods.size() > 1);
      if (follow) {
        threads.add(Thread.ofVirtual().name("log-" + Services.name(pod)).start(copy));
      } else {
        copy.run();
      }
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void copyPod(String pod, boolean prefix) {
    String query =
        "?timestamps=true&follow=%s&previous=%s%s"
            .formatted(follow, previous, tail >= 0 ? "&tailLines=" + tail : "");
    try (ApiClient api = api()) {
      api.lines(
          ObjectKind.POD.one(namespace, pod) + "/log" + query,
          line -> {
            print(prefix ? "[" + pod + "] " : "", line);
            return true;
          });
    }
  }

  /** Oldest first. */
  private List<String> instances(ApiClient api) {
    var names = new ArrayList<String>();
    for (Json instance : api.get(ApiClient.instances(namespace)).at("items").items()) {
      if (instance.at("service").text().equals(name) || instance.at("name").text().equals(name)) {
        names.addFirst(instance.at("name").text());
      }
    }
    return names;
  }

  private void requireService(ApiClient api) {
    try {
      api.get(ApiClient.service(namespace, name));
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
      throw new SkepException(
          Code.NOT_FOUND,
          "no service or instance '" + name + "' in namespace " + namespace + " (see 'skep ls')",
          e);
    }
  }

  private void copy(String instance, boolean prefix) {
    String query = "?follow=" + follow + (tail >= 0 ? "&tail=" + tail : "");
    try (ApiClient api = api()) {
      api.lines(
          ApiClient.instances(namespace) + "/" + ApiClient.encode(instance) + "/log" + query,
          line -> {
            print(prefix ? "[" + instance + "] " : "", line);
            return true;
          });
    }
  }

  private void followAll(ApiClient api) throws InterruptedException {
    Map<String, Thread> followers = new HashMap<>();
    while (true) {
      for (String instance : instances(api)) {
        followers.computeIfAbsent(
            instance, id -> Thread.ofVirtual().name("log-" + id).start(() -> copy(id, true)));
      }
      Thread.sleep(300);
    }
  }

  /** Lines come in the CRI format: {@code TIME stdout|stderr F|P text}. */
  private synchronized void print(String prefix, String line) {
    String[] parts = line.split(" ", 4);
    boolean cri = parts.length >= 3 && (parts[1].equals("stdout") || parts[1].equals("stderr"));
    String text = cri ? (parts.length == 4 ? parts[3] : "") : line;
    String time = cri && timestamps ? parts[0] + " " : "";
    terminal().println(terminal().dim(prefix + time) + text);
    if (follow) {
      terminal().flush();
    }
  }
}
