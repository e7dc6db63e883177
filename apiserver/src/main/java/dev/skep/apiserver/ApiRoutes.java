package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.control.ServiceAccountTokens;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Leads each request to what answers it, and turns failures into answers. */
final class ApiRoutes implements Handler {
  private static final Logger LOG = LoggerFactory.getLogger(ApiRoutes.class);
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** What all listeners share. */
  record Targets(
      Kinds kinds, ResourceHandler resources, PodRoutes pods, SkepRoutes skep, ApiParts parts) {}

  private final Targets targets;
  private final String version;
  private final Authenticator authenticator;
  private final Discovery discovery;
  private final OpenApi openApi;

  ApiRoutes(Targets targets, String version, Authenticator authenticator) {
    this.targets = targets;
    this.version = version;
    this.authenticator = authenticator;
    this.discovery = new Discovery(targets.kinds());
    this.openApi = new OpenApi(targets.kinds(), version);
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    var exchange = new Exchange(request, response);
    try {
      answer(exchange);
    } catch (ApiFailure e) {
      fail(exchange, e);
    } catch (SkepException e) {
      fail(exchange, ApiFailure.of(e));
    } catch (UncheckedIOException | ServerConnectionException e) {
      LOG.debug("{} {}: the client has gone", exchange.method(), exchange.pathText(), e);
    } catch (RuntimeException e) {
      String id = UUID.randomUUID().toString();
      LOG.error("{} {} failed ({})", exchange.method(), exchange.pathText(), id, e);
      fail(
          exchange,
          new ApiFailure(
              500, "InternalError", "internal error %s: see the daemon's log".formatted(id)));
    }
  }

  private static void fail(Exchange exchange, ApiFailure failure) {
    if (!exchange.isAnswered()) {
      exchange.send(failure.code(), failure.status());
    }
  }

  private void answer(Exchange exchange) {
    List<String> path = exchange.path();
    String first = path.isEmpty() ? "" : path.getFirst();
    switch (first) {
      case "healthz", "livez" -> exchange.text(200, "ok");
      case "readyz" -> ready(exchange);
      default -> {
        exchange.calledBy(authenticator.authenticate(exchange.header("Authorization")));
        known(first, exchange);
      }
    }
  }

  private void ready(Exchange exchange) {
    boolean ready = targets.parts().ready().getAsBoolean();
    exchange.text(ready ? 200 : 503, ready ? "ok" : "not ready: the daemon is still starting");
  }

  private void known(String first, Exchange exchange) {
    switch (first) {
      case "version" -> exchange.send(version());
      case "metrics" -> metrics(exchange);
      case ".well-known", "openid" -> exchange.send(200, Exchange.JSON, issuer(exchange));
      case "openapi" ->
          openApi.handle(exchange.path().subList(1, exchange.path().size()), exchange);
      case "api", "apis" -> api(exchange);
      default -> throw ApiFailure.notFound(exchange.pathText());
    }
  }

  /** By which others check the tokens of service accounts: where the keys are, and the keys. */
  private byte[] issuer(Exchange exchange) {
    return switch (exchange.pathText()) {
      case "/.well-known/openid-configuration" -> {
        ObjectNode found = ApiJson.object().put("issuer", ServiceAccountTokens.ISSUER);
        found.put("jwks_uri", ServiceAccountTokens.ISSUER + "/openid/v1/jwks");
        found.putArray("response_types_supported").add("id_token");
        found.putArray("subject_types_supported").add("public");
        found.putArray("id_token_signing_alg_values_supported").add("ES256");
        yield ApiJson.bytes(found);
      }
      case "/openid/v1/jwks" -> ApiJson.bytes(targets.parts().tokenKeys().get());
      default -> throw ApiFailure.notFound(exchange.pathText());
    };
  }

  private void api(Exchange exchange) {
    List<String> path = exchange.path();
    if (path.size() > 3 && path.get(1).equals("skep.dev") && path.get(2).equals("v1")) {
      targets.skep().handle(path.subList(3, path.size()), exchange);
      return;
    }
    if (AccessReviews.answer(targets.kinds(), exchange)) {
      return;
    }
    if (exchange.method().equals("GET") && discovery.answer(exchange)) {
      return;
    }
    ResourcePath resource =
        ResourcePath.parse(path).orElseThrow(() -> ApiFailure.notFound(exchange.pathText()));
    if (PodStreams.serves(resource)) {
      targets.pods().stream(resource, exchange);
      return;
    }
    if (PodRoutes.isLog(resource)) {
      exchange.user().check(Access.of(resource, exchange));
      targets.pods().log(resource, exchange);
      return;
    }
    ServedKind served =
        targets.kinds().find(resource).orElseThrow(() -> ApiFailure.notFound(exchange.pathText()));
    exchange.user().check(Access.of(resource, exchange));
    targets.resources().handle(served, resource, exchange);
  }

  private void metrics(Exchange exchange) {
    exchange.user().check(new Access("get", "skep.dev", "metrics", "", "", ""));
    var page = new ByteArrayOutputStream(32 << 10);
    try {
      targets.parts().metrics().write(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    exchange.send(200, METRICS_TYPE, page.toByteArray());
  }

  /** The Kubernetes version whose API this resembles, with ours behind it. */
  private ObjectNode version() {
    ObjectNode answer = ApiJson.object();
    answer.put("major", "1").put("minor", "34").put("gitVersion", "v1.34.0+skep-" + version);
    answer.put("platform", "linux/" + System.getProperty("os.arch"));
    return answer.put("skepVersion", version);
  }
}
