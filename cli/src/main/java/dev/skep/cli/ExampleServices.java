package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Deploys examples and reads what the daemon says of them. */
final class ExampleServices {
  static final String NAMESPACE = "default";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** What the annotations about scaling begin with. */
  static final String SCALING = "autoscaling.knative.dev/";

  private final ApiClient api;
  private final Path repository;

  ExampleServices(ApiClient api, Path repository) {
    this.api = api;
    this.repository = repository;
  }

  InetSocketAddress gateway() {
    return Services.gateway(api.get(ApiClient.SKEP + "/status"));
  }

  /**
   * Replaces the example's Service and waits until it is ready to be called; gives the Service.
   *
   * @param annotations of the revision's template
   */
  Json deploy(Example example, String image, Map<String, String> annotations)
      throws IOException, InterruptedException {
    Path manifest = repository.resolve("examples").resolve(example.name()).resolve("service.yaml");
    Json service = JsonText.readYaml(Files.readAllBytes(manifest)).getFirst();
    Json template = service.at("spec", "template");
    template.at("spec", "containers").items().getFirst().set("image", image);
    template.set("metadata", Json.object().set("annotations", annotations));
    delete(example);
    api.post(ApiClient.services(NAMESPACE), service);
    return awaitReady(example);
  }

  /** Deletes the example's Service, if there is one; its instances end a moment later. */
  void delete(Example example) {
    try {
      api.delete(ApiClient.service(NAMESPACE, example.name()));
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  private Json awaitReady(Example example) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Json service = api.get(ApiClient.service(NAMESPACE, example.name()));
      Json ready = Services.ready(service);
      if (Services.isObserved(service) && ready.at("status").isTrue()) {
        return service;
      }
      if (ready.at("status").text().equals("False") || System.nanoTime() > deadline) {
        throw new SkepException(
            Code.UNAVAILABLE,
            example.name()
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
  Optional<Json> start(Example example, Invocation answer) throws InterruptedException {
    String query = "/starts?limit=20&namespace=" + NAMESPACE + "&service=" + example.name();
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
