package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.PageCache;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Brings a function into the state from which a start is measured: a snapshot with a recorded set,
 * no instance, files in the page cache or not. A Service is made anew for each start, and deleted
 * after.
 */
final class BenchRig {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration CALL_LIMIT = Duration.ofMinutes(3);
  private static final int EVICTIONS = 40;

  private final ApiClient api;
  private final ExampleServices services;
  private final Map<String, String> images;

  /**
   * @param images the reference of each function's image
   */
  BenchRig(ApiClient api, ExampleServices services, Map<String, String> images) {
    this.api = api;
    this.services = services;
    this.images = images;
  }

  /** A snapshot that is there, with its set recorded by the function's first input. */
  Json recorded(BenchFunction function) throws IOException, InterruptedException {
    if (snapshot(function).isEmpty()) {
      once(function, "boot", () -> snapshot(function).isPresent());
    }
    if (!hasSet(function)) {
      once(function, "lazy", () -> hasSet(function));
    }
    return snapshot(function).orElseThrow();
  }

  /** Leaves the snapshot in object storage only, once all of it is there. */
  void sendAway(BenchFunction function, Json snapshot) throws InterruptedException {
    Path origin = Path.of(snapshot.at("folder").text()).resolve("origin.json");
    await(function.name() + ": its snapshot is not in object storage", () -> hasRemoteSet(origin));
    String id = snapshot.at("id").text();
    var _ = api.delete(ApiClient.SKEP + "/snapshots/" + ApiClient.encode(id));
    await(function.name() + ": its snapshot is still here", () -> snapshot(function).isEmpty());
  }

  private static boolean hasRemoteSet(Path origin) {
    try {
      return !JsonText.read(Files.readString(origin)).at("manifest", "workingSet").isMissing();
    } catch (IOException e) {
      return false; // not uploaded yet
    }
  }

  /** Waits until all memory of the function's snapshot is on this host. */
  void awaitMemory(BenchFunction function) throws InterruptedException {
    await(
        function.name() + ": its memory is not all here",
        () -> snapshot(function).filter(found -> found.at("whole").isTrue()).isPresent());
  }

  private boolean hasSet(BenchFunction function) {
    return snapshot(function).filter(found -> !found.at("workingSet").isMissing()).isPresent();
  }

  private Optional<Json> snapshot(BenchFunction function) {
    String query = "/snapshots?namespace=&service=" + function.name();
    return api.get(ApiClient.SKEP + query).at("items").items().stream().findFirst();
  }

  /** One start as the policy has it, and its recorded input; then waits for what comes of it. */
  private void once(BenchFunction function, String expected, Supplier<Boolean> done)
      throws IOException, InterruptedException {
    deploy(function, Map.of(), 1);
    Json start = start(function, call(function, function.recorded()));
    if (!start.at("plan").text().equals(expected)) {
      throw notAsAsked(function, start, expected);
    }
    await(function.name() + ": no snapshot or no working set of it", done);
    remove(function);
  }

  void deploy(BenchFunction function, Map<String, String> annotations)
      throws IOException, InterruptedException {
    deploy(function, annotations, 1);
  }

  void deploy(BenchFunction function, BenchPlan plan) throws IOException, InterruptedException {
    deploy(function, Map.of("skep.dev/restore", plan.annotation()), 1);
  }

  /** So many instances, started at the same time by this plan; returns when all are ready. */
  void deployAtOnce(BenchFunction function, BenchPlan plan, int instances)
      throws IOException, InterruptedException {
    Map<String, String> annotations =
        Map.of(
            "skep.dev/restore",
            plan.annotation(),
            ExampleServices.SCALING + "initial-scale",
            Integer.toString(instances),
            ExampleServices.SCALING + "min-scale",
            Integer.toString(instances));
    deploy(function, annotations, instances);
  }

  private void deploy(BenchFunction function, Map<String, String> wishes, int most)
      throws IOException, InterruptedException {
    var annotations = new HashMap<String, String>();
    annotations.put(ExampleServices.SCALING + "initial-scale", "0");
    annotations.put(ExampleServices.SCALING + "max-scale", Integer.toString(most));
    annotations.putAll(wishes);
    String image = images.getOrDefault(function.name(), "");
    services.deploy(function.example(), image, annotations);
  }

  /** Deletes the Service and waits until nothing of its instances is left. */
  void remove(BenchFunction function) throws InterruptedException {
    services.delete(function.example());
    await(function.name() + ": instances are still up", () -> instances(function).isEmpty());
  }

  List<Json> instances(BenchFunction function) {
    String target = ApiClient.instances(ExampleServices.NAMESPACE) + "?service=" + function.name();
    return api.get(target).at("items").items().stream()
        .filter(instance -> !instance.at("state").text().equals("stopped"))
        .toList();
  }

  Json instance(String name) {
    return api.get(ApiClient.instances(ExampleServices.NAMESPACE) + "/" + ApiClient.encode(name));
  }

  Json start(String instance) {
    return Services.lastStart(api, "instance=" + ApiClient.encode(instance))
        .orElseThrow(
            () -> new SkepException(Code.INTERNAL, instance + ": its start left no record"));
  }

  Invocation call(BenchFunction function, String input) throws IOException {
    InetSocketAddress gateway = services.gateway();
    Json service = api.get(ApiClient.service(ExampleServices.NAMESPACE, function.name()));
    String authority = Services.url(service).getRawAuthority();
    var request = HttpRequest.of("GET", authority, input);
    try (Caller caller = new HttpCaller(gateway, request, CALL_LIMIT)) {
      Invocation answer = caller.call();
      if (answer.status() != 200) {
        throw new SkepException(
            Code.INTERNAL,
            "%s%s: HTTP %d (see the log of the daemon)"
                .formatted(function.name(), input, answer.status()));
      }
      return answer;
    }
  }

  /** The record of the start for which this call waited. */
  Json start(BenchFunction function, Invocation answer) throws InterruptedException {
    return services
        .start(function.example(), answer)
        .orElseThrow(
            () -> new SkepException(Code.INTERNAL, function.name() + ": its start left no record"));
  }

  static SkepException notAsAsked(BenchFunction function, Json start, String expected) {
    return new SkepException(
        Code.INTERNAL,
        "%s was started by %s (expected: %s)"
            .formatted(function.name(), start.at("plan").text(), expected));
  }

  /** The files from which the function starts. */
  List<Path> files(BenchFunction function, Optional<Json> snapshot) throws IOException {
    var files = new ArrayList<Path>();
    String reference = ApiClient.encode(images.getOrDefault(function.name(), ""));
    for (Json image :
        api.get(ApiClient.SKEP + "/images?reference=" + reference).at("items").items()) {
      files.add(Path.of(image.at("erofs").text()));
    }
    if (snapshot.isPresent()) {
      try (Stream<Path> saved = Files.list(Path.of(snapshot.get().at("folder").text()))) {
        saved.filter(Files::isRegularFile).forEach(files::add);
      }
    }
    return files;
  }

  /**
   * Drops the files from the page cache, and looks whether they are gone.
   *
   * @throws SkepException UNSUPPORTED where they stay: then nothing would be cold
   */
  static void evict(List<Path> files) throws InterruptedException {
    for (Path file : files) {
      long resident = Long.MAX_VALUE;
      for (int attempt = 0; attempt < EVICTIONS && resident > 0; attempt++) {
        Thread.sleep(attempt == 0 ? 0 : 50); // a VMM that has just ended still maps it
        PageCache.evict(file);
        resident = PageCache.residentBytes(file);
      }
      if (resident > 0) {
        throw new SkepException(
            Code.UNSUPPORTED,
            "%s: %d bytes stay in the page cache (expected: none, after it was evicted)"
                .formatted(file, resident));
      }
    }
  }

  private static void await(String otherwise, Supplier<Boolean> done) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!done.get()) {
      if (System.nanoTime() > deadline) {
        throw new SkepException(Code.TIMEOUT, otherwise + " after " + PATIENCE.toSeconds() + " s");
      }
      Thread.sleep(20);
    }
  }
}
