package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Deploys the demo's functions and reads what the daemon says of them. */
final class DemoServices {
  static final String NAMESPACE = "default";

  /** Short, so that nobody waits a minute to see a function go. */
  private static final String KEEP_ALIVE = "8s";

  /** As many as a burst of the demo asks for. */
  static final int MOST_INSTANCES = 3;

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String SCALING = "autoscaling.knative.dev/";

  private final ApiClient api;
  private final Path repository;

  DemoServices(ApiClient api, Path repository) {
    this.api = api;
    this.repository = repository;
  }

  InetSocketAddress gateway() {
    return Services.gateway(api.get(ApiClient.SKEP + "/status"));
  }

  /**
   * Replaces the function's Service and waits until it is ready to be called; gives the Service.
   */
  Json deploy(DemoFunction function, String image) throws IOException, InterruptedException {
    Path manifest = repository.resolve("examples").resolve(function.name()).resolve("service.yaml");
    Json service = JsonText.readYaml(Files.readAllBytes(manifest)).getFirst();
    Json template = service.at("spec", "template");
    template.at("spec", "containers").items().getFirst().set("image", image);
    template.set(
        "metadata",
        Json.object()
            .set(
                "annotations",
                Json.object()
                    .set(SCALING + "initial-scale", "0")
                    .set(SCALING + "max-scale", Integer.toString(MOST_INSTANCES))
                    .set(SCALING + "window", KEEP_ALIVE)));
    delete(function);
    api.post(ApiClient.services(NAMESPACE), service);
    return awaitReady(function);
  }

  private void delete(DemoFunction function) {
    try {
      api.delete(ApiClient.service(NAMESPACE, function.name()));
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  private Json awaitReady(DemoFunction function) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Json service = api.get(ApiClient.service(NAMESPACE, function.name()));
      Json ready = Services.ready(service);
      if (Services.isObserved(service) && ready.at("status").isTrue()) {
        return service;
      }
      if (ready.at("status").text().equals("False") || System.nanoTime() > deadline) {
        throw new SkepException(
            Code.UNAVAILABLE,
            function.name()
                + " is not ready: "
                + ready.at("reason").text()
                + ": "
                + ready.at("message").text());
      }
      Thread.sleep(20);
    }
  }

  /**
   * The record of the start that this request waited for; it is complete a moment after the answer.
   */
  Optional<Json> start(DemoFunction function, Invocation answer) throws InterruptedException {
    String query = "/starts?limit=20&namespace=" + NAMESPACE + "&service=" + function.name();
    for (int attempt = 0; attempt < 100; attempt++) {
      for (Json start : api.get(ApiClient.SKEP + query).at("items").items()) {
        if (start.at("requestId").optional().equals(answer.requestId())) {
          return Optional.of(start);
        }
      }
      Thread.sleep(20);
    }
    return Optional.empty();
  }
}
