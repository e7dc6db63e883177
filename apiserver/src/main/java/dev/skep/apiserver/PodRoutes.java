package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.Instances;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.workload.PodLogs;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** What pods have beside their objects: {@code .../pods/NAME/log}, and the refusals of streams. */
final class PodRoutes {
  private final ResourceStore store;
  private final PodLogs logs;
  private final Instances instances;
  private final PodStreams streams;

  PodRoutes(ResourceStore store, PodLogs logs, Instances instances, PodStreams streams) {
    this.store = store;
    this.logs = logs;
    this.instances = instances;
    this.streams = streams;
  }

  /** Whether it is for this to answer. */
  static boolean isLog(ResourcePath path) {
    return path.group().isEmpty()
        && path.plural().equals(ResourceKind.POD.plural())
        && path.subresource().equals(Optional.of("log"));
  }

  void log(ResourcePath path, Exchange exchange) {
    SkepRoutes.only(exchange, "GET");
    String namespace = path.namespace().orElse("");
    String name = path.name().orElse("");
    if (find(namespace, name).isEmpty()) {
      throw ApiFailure.of(
          new SkepException(Code.NOT_FOUND, "pods \"%s\" not found".formatted(name)));
    }
    boolean previous = exchange.flag("previous");
    Path file =
        file(namespace, name, previous)
            .orElseThrow(
                () ->
                    ApiFailure.badRequest(
                        previous
                            ? "previous terminated container in pod \"%s\" not found"
                                .formatted(name)
                            : "container in pod \"%s\" is waiting to start".formatted(name)));
    var log = new LogStream(file, () -> isOver(namespace, name, file));
    try (var out = exchange.stream("text/plain; charset=utf-8")) {
      OutputStream shown = exchange.flag("timestamps") ? out : new PlainLines(out);
      log.write(exchange.number("tailLines"), exchange.flag("follow"), shown);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server is closing
    }
  }

  /** For what {@link PodUpgrader} has not taken: says why. */
  void stream(ResourcePath path, Exchange exchange) {
    streams.plan(exchange.streamRequest(path), exchange.user());
    if (exchange.header("Upgrade").isPresent()) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "too many streams to pods, or a protocol that is not spoken (expected: Upgrade: SPDY/3.1 or websocket)");
    }
    throw ApiFailure.badRequest("Upgrade request required");
  }

  private Optional<ApiObject> find(String namespace, String name) {
    return store.get(ResourceKind.POD, namespace, name);
  }

  private Optional<Path> file(String namespace, String name, boolean previous) {
    Optional<String> instance = instances.ofPod(namespace, name);
    return instance.isPresent() && !previous
        ? instance.flatMap(instances::logFile)
        : logs.find(namespace, name, previous);
  }

  /** Its container has ended: the pod is gone, or has another log by now. */
  private boolean isOver(String namespace, String name, Path file) {
    return find(namespace, name).isEmpty()
        || !file(namespace, name, false).equals(Optional.of(file));
  }

  /** Takes what the CRI's format puts before each line away. */
  private static final class PlainLines extends FilterOutputStream {
    private static final int WORDS = 3;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    PlainLines(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      for (int i = from; i < from + length; i++) {
        write(bytes[i]);
      }
    }

    @Override
    public void write(int one) throws IOException {
      line.write(one);
      if (one == '\n') {
        String[] parts = line.toString(StandardCharsets.ISO_8859_1).split(" ", WORDS + 1);
        boolean partial = parts.length > WORDS && parts[2].equals("P");
        String text = parts.length > WORDS ? parts[WORDS] : "\n";
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        out.write(bytes, 0, partial ? bytes.length - 1 : bytes.length);
        line.reset();
      }
    }
  }
}
