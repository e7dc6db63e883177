package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Talks to the daemon's API over its unix socket, one request at a time. Failures are {@link
 * SkepException}: the API's own, or UNAVAILABLE when no daemon answers.
 */
final class ApiClient implements AutoCloseable {
  static final String SERVICES = "/apis/serving.knative.dev/v1";
  static final String SKEP = "/apis/skep.dev/v1";

  /** For requests that the daemon answers from memory. */
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Path socket;
  private @Nullable HttpConnection connection;

  ApiClient(Path state) {
    this.socket = state.resolve("api.sock");
  }

  static String services(String namespace) {
    return SERVICES + "/namespaces/" + encode(namespace) + "/services";
  }

  static String service(String namespace, String name) {
    return services(namespace) + "/" + encode(name);
  }

  static String instances(String namespace) {
    return SKEP + "/namespaces/" + encode(namespace) + "/instances";
  }

  /** For one segment of a path or one value of a query. */
  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  Json get(String target) {
    return exchange(HttpRequest.of("GET", "skep", target));
  }

  /**
   * @param accept in which form
   */
  Json get(String target, String accept) {
    return exchange(HttpRequest.of("GET", "skep", target).accepting(accept));
  }

  Json delete(String target) {
    return exchange(HttpRequest.of("DELETE", "skep", target));
  }

  Json post(String target, Json body) {
    return exchange(json("POST", target, body));
  }

  Json put(String target, Json body) {
    return exchange(json("PUT", target, body));
  }

  /** Whether the daemon serves; never fails. */
  boolean ready() {
    try (var probe = HttpConnection.unix(socket);
        var _ = Deadline.closing(probe, Duration.ofSeconds(2))) {
      HttpResponse response = probe.send(HttpRequest.of("GET", "skep", "/readyz"));
      response.bytes();
      return response.ok();
    } catch (IOException e) {
      return false;
    }
  }

  /** Posts, and gives each JSON line of the answer to {@code lines}; it may take long. */
  void stream(String target, Json body, Predicate<Json> lines) {
    lines(json("POST", target, body), line -> lines.test(JsonText.read(line)));
  }

  /** Gives each line of a text to {@code lines} until it returns false or the text ends. */
  void lines(String target, Predicate<String> lines) {
    lines(HttpRequest.of("GET", "skep", target), lines);
  }

  /** Writes the answer to a file, which appears when it is whole; it may take long. */
  void download(String target, Path file) {
    Path parent = file.toAbsolutePath().getParent();
    Path draft = file.resolveSibling(file.getFileName() + ".part");
    if (parent == null || !Files.isDirectory(parent)) {
      throw new SkepException(Code.NOT_FOUND, "no folder " + parent + " for " + file);
    }
    try (HttpConnection own = connect()) {
      HttpResponse response = own.send(HttpRequest.of("GET", "skep", target));
      if (!response.ok()) {
        throw failure(response, new String(response.bytes(), StandardCharsets.UTF_8));
      }
      var owner = PosixFilePermissions.fromString("rw-------"); // memory holds secrets
      Files.deleteIfExists(draft);
      Files.createFile(draft, PosixFilePermissions.asFileAttribute(owner));
      Files.copy(response.body(), draft, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(draft, owner);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw lost(e);
    } finally {
      draft.toFile().delete();
    }
  }

  /** Posts a file; it may take long. */
  Json upload(String target, String contentType, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new SkepException(Code.NOT_FOUND, file + ": no such file");
    }
    try (HttpConnection own = connect()) {
      HttpRequest request = HttpRequest.of("POST", "skep", target).withContentType(contentType);
      HttpResponse response = own.send(request, file);
      byte[] body = response.bytes();
      if (!response.ok()) {
        throw failure(response, new String(body, StandardCharsets.UTF_8));
      }
      return JsonText.read(body);
    } catch (IOException e) {
      throw lost(e);
    }
  }

  private void lines(HttpRequest request, Predicate<String> lines) {
    try (HttpConnection own = connect()) {
      HttpResponse response = own.send(request);
      if (!response.ok()) {
        throw failure(response, new String(response.bytes(), StandardCharsets.UTF_8));
      }
      var reader =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isEmpty() && !lines.test(line)) {
          return;
        }
      }
    } catch (IOException e) {
      throw lost(e);
    }
  }

  private static HttpRequest json(String method, String target, Json body) {
    return HttpRequest.of(method, "skep", target)
        .withBody("application/json", JsonText.compact(body));
  }

  private Json exchange(HttpRequest request) {
    HttpConnection here = connection == null ? connect() : connection;
    connection = here;
    try (var _ = Deadline.closing(here, TIMEOUT)) {
      HttpResponse response = here.send(request);
      byte[] body = response.bytes();
      if (!response.ok()) {
        throw failure(response, new String(body, StandardCharsets.UTF_8));
      }
      return body.length == 0 ? new Json(null) : JsonText.read(body);
    } catch (IOException e) {
      close();
      throw lost(e);
    }
  }

  private HttpConnection connect() {
    try {
      return HttpConnection.unix(socket);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private SkepException unreachable(IOException cause) {
    if (cause instanceof AccessDeniedException
        || (Files.exists(socket) && !Files.isWritable(socket))) {
      return new SkepException(
          Code.FORBIDDEN,
          socket + ": not allowed to connect (expected: the user who started the daemon; try sudo)",
          cause);
    }
    String found =
        cause instanceof NoSuchFileException || !Files.exists(socket)
            ? "is not there"
            : "does not answer";
    return new SkepException(
        Code.UNAVAILABLE,
        "no daemon: "
            + socket
            + " "
            + found
            + " (start it with 'skep up', or name its folder with --state)",
        cause);
  }

  private SkepException lost(IOException cause) {
    return new SkepException(
        Code.UNAVAILABLE,
        "the daemon broke the connection: " + cause.getMessage() + " (see 'skep status')",
        cause);
  }

  private static SkepException failure(HttpResponse response, String body) {
    Json status = body.startsWith("{") ? JsonText.read(body) : new Json(null);
    String message = status.at("message").optional().orElse(body.strip());
    return new SkepException(
        ExitCodes.ofHttp(response.status(), status.at("reason").text()),
        message.isEmpty() ? "HTTP " + response.status() + " " + response.reason() : message);
  }

  @Override
  public void close() {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }
}
