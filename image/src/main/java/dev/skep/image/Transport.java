package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * GET requests whose bodies must keep moving: a peer that sends nothing for too long fails them.
 */
final class Transport implements Closeable {
  /** Takes the body of an answer, on a thread of the client, in order. */
  interface Body {
    /**
     * Says whether the body of this answer is wanted; what is not is kept, cut short, for messages.
     */
    boolean begin(int status, HttpHeaders headers) throws IOException;

    void accept(ByteBuffer bytes) throws IOException;
  }

  /** An answer; {@code text} is the beginning of a body that was not wanted. */
  record Answer(int status, HttpHeaders headers, String text) {
    String header(String name) {
      return headers.firstValue(name).orElse("");
    }
  }

  private static final int MAX_TEXT = 4096;

  private final HttpClient client;
  private final Duration idle;

  Transport(Duration idle) {
    this.idle = idle;
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(idle)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  Answer get(URI uri, Map<String, String> headers, Body body) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(idle);
    headers.forEach(request::header);
    Receiver receiver = new Receiver(body);
    CompletableFuture<HttpResponse<String>> future =
        client.sendAsync(request.build(), receiver::start);
    try {
      return await(future, receiver);
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("the pull was cancelled");
    }
  }

  private Answer await(CompletableFuture<HttpResponse<String>> future, Receiver receiver)
      throws IOException, InterruptedException {
    while (true) {
      try {
        HttpResponse<String> response = future.get(idle.toMillis(), TimeUnit.MILLISECONDS);
        return new Answer(response.statusCode(), response.headers(), response.body());
      } catch (TimeoutException e) {
        if (System.nanoTime() - receiver.lastBytes > idle.toNanos()) {
          future.cancel(true);
          throw new HttpTimeoutException("no data for " + idle.toSeconds() + " s");
        }
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case IOException cause -> throw new IOException(describe(cause), cause);
          case RuntimeException cause -> throw cause;
          case null, default -> throw new IOException(e);
        }
      }
    }
  }

  /** The client's exceptions often have no message of their own. */
  private static String describe(Throwable failure) {
    Throwable cause = failure;
    while (cause.getMessage() == null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause.getMessage() != null) {
      return cause.getMessage();
    }
    return failure instanceof java.net.ConnectException
        ? "connection refused"
        : failure.getClass().getSimpleName();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  private static final class Receiver implements HttpResponse.BodySubscriber<String> {
    private final Body body;
    private final CompletableFuture<String> result = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private volatile long lastBytes = System.nanoTime();
    private boolean wanted;
    private Flow.@Nullable Subscription subscription;

    private Receiver(Body body) {
      this.body = body;
    }

    private HttpResponse.BodySubscriber<String> start(HttpResponse.ResponseInfo info) {
      lastBytes = System.nanoTime();
      try {
        wanted = body.begin(info.statusCode(), info.headers());
      } catch (IOException e) {
        result.completeExceptionally(e);
      }
      return this;
    }

    @Override
    public CompletionStage<String> getBody() {
      return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      lastBytes = System.nanoTime();
      Flow.Subscription source = java.util.Objects.requireNonNull(subscription);
      try {
        for (ByteBuffer buffer : buffers) {
          take(buffer);
        }
        source.request(1);
      } catch (IOException | RuntimeException e) {
        source.cancel();
        result.completeExceptionally(e);
      }
    }

    private void take(ByteBuffer buffer) throws IOException {
      if (wanted) {
        body.accept(buffer);
      } else if (text.length() < MAX_TEXT) {
        byte[] bytes = new byte[Math.min(buffer.remaining(), MAX_TEXT - text.length())];
        buffer.get(bytes);
        text.append(new String(bytes, java.nio.charset.StandardCharsets.UTF_8));
      }
    }

    @Override
    public void onError(Throwable failure) {
      result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      result.complete(text.toString());
    }
  }
}
