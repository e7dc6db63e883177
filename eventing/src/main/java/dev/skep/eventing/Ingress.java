package dev.skep.eventing;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.cloudevents.CloudEvent;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Takes events for all inboxes. 202 means that an event is on the disk for everybody who gets it;
 * an event that nobody gets is taken and forgotten, as in Knative.
 *
 * @param topology as it is now
 * @param queued told of deliveries that are in the queue
 */
record Ingress(Supplier<Topology> topology, EventQueue queue, Consumer<List<Delivery>> queued)
    implements Handler {
  private static final JsonEvents JSON = new JsonEvents();

  @Override
  public void handle(ServerRequest request, ServerResponse response) throws IOException {
    String path = request.path().rawPath();
    Optional<Inbox> inbox = topology.get().inbox(host(request), path);
    if (inbox.isEmpty()) {
      answer(
          response,
          Status.NOT_FOUND_404,
          "no broker or channel at %s%s (expected: /NAMESPACE/BROKER, or a channel's host)"
              .formatted(host(request), path));
      return;
    }
    switch (request.prologue().method().text()) {
      case "POST" -> post(inbox.get(), request, response);
      case "OPTIONS" -> {
        response.header("Allow", "POST, OPTIONS");
        response.header("WebHook-Allowed-Origin", "*");
        response.header("WebHook-Allowed-Rate", "*");
        answer(response, Status.OK_200, "");
      }
      default -> {
        response.header("Allow", "POST, OPTIONS");
        answer(response, Status.METHOD_NOT_ALLOWED_405, "events are posted");
      }
    }
  }

  private void post(Inbox inbox, ServerRequest request, ServerResponse response)
      throws IOException {
    byte[] body = body(request);
    if (body.length > Events.MAX_BYTES) {
      answer(
          response,
          Status.REQUEST_ENTITY_TOO_LARGE_413,
          "the event is too large (expected: at most %d bytes)".formatted(Events.MAX_BYTES));
      return;
    }
    try {
      take(inbox, HttpEvents.read(headers(request), body));
      answer(response, Status.ACCEPTED_202, "");
    } catch (SkepException e) {
      answer(response, status(e.code()), String.valueOf(e.getMessage()));
    }
  }

  private static byte[] body(ServerRequest request) throws IOException {
    try (var in = request.content().inputStream()) {
      return in.readNBytes(Events.MAX_BYTES + 1);
    }
  }

  private void take(Inbox inbox, CloudEvent event) {
    CloudEvent arriving = inbox.kind() == Inbox.Kind.BROKER ? Events.arriving(event) : event;
    List<String> receivers = topology.get().receivers(inbox, arriving);
    if (!receivers.isEmpty()) {
      queued.accept(queue.append(JSON.serialize(arriving), receivers));
    }
  }

  private static Status status(Code code) {
    return switch (code) {
      case INVALID -> Status.BAD_REQUEST_400;
      case EXHAUSTED -> Status.create(507, "Insufficient Storage");
      case UNAVAILABLE, TIMEOUT -> Status.SERVICE_UNAVAILABLE_503;
      case NOT_FOUND,
          ALREADY_EXISTS,
          CONFLICT,
          UNAUTHORIZED,
          FORBIDDEN,
          GONE,
          UNSUPPORTED,
          INTERNAL ->
          Status.INTERNAL_SERVER_ERROR_500;
    };
  }

  /** Lower case, without port. */
  private static String host(ServerRequest request) {
    String authority = request.headers().first(HeaderNames.HOST).orElse("");
    return authority.split(":", 2)[0].toLowerCase(Locale.ROOT);
  }

  private static Map<String, String> headers(ServerRequest request) {
    var headers = new TreeMap<String, String>();
    request.headers().forEach(header -> headers.put(header.headerName().lowerCase(), header.get()));
    return headers;
  }

  private static void answer(ServerResponse response, Status status, String text) {
    response.status(status);
    response.send(
        text.isEmpty()
            ? new byte[0]
            : (text + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
