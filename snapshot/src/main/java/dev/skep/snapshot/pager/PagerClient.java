package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/**
 * Asks a pager that runs. Thread-safe: each call has a connection of its own, and one more stays
 * open to tell when the pager is lost.
 *
 * <p>Errors of all calls: what the pager refuses, with its code and message; UNAVAILABLE if it is
 * not there; TIMEOUT if it does not answer.
 */
public final class PagerClient implements AutoCloseable {
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

  private final Path socket;
  private final SocketChannel watch;
  private final CompletableFuture<Void> lost = new CompletableFuture<>();

  private PagerClient(Path socket, SocketChannel watch) {
    this.socket = socket;
    this.watch = watch;
  }

  /**
   * Connects to the pager that listens at the path.
   *
   * @throws SkepException UNAVAILABLE if none does
   */
  public static PagerClient connect(Path socket) {
    try {
      var watch = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      var client = new PagerClient(socket, watch);
      Thread.ofVirtual().name("pager-watch").start(client::awaitEnd);
      return client;
    } catch (IOException e) {
      throw unavailable(socket, e);
    }
  }

  /** Completes when the pager has ended, or this is closed: no guest of its is served any more. */
  public CompletableFuture<Void> lost() {
    return lost.copy();
  }

  /**
   * Has the pager listen for the guest's VMM, which may connect when this returns.
   *
   * @throws SkepException INVALID or NOT_FOUND, naming file, found and expected, if the memory or
   *     the working set is not what was promised: without a working set it may work; ALREADY_EXISTS
   *     if that VM is served
   */
  public void serve(PagedGuest guest) {
    ask(new PagerRequest.Serve(guest));
  }

  /** How it goes with a guest that was not forgotten. */
  public PagedStatus status(String vm) {
    return status(ask(new PagerRequest.Status(vm)));
  }

  /**
   * Writes the pages that the guest has touched until now into the snapshot's folder as its working
   * set, and notes no more; the number of pages.
   *
   * @throws SkepException CONFLICT if nothing is noted (any more)
   */
  public int record(String vm, Path folder) {
    return ask(new PagerRequest.WriteDown(vm, folder)).asInt();
  }

  /** Ends a guest, with its VMM if that still runs; all that was held for it is free on return. */
  public void forget(String vm) {
    ask(new PagerRequest.Forget(vm));
  }

  /** All guests that were not forgotten, by name. */
  public List<PagedStatus> list() {
    return Arrays.asList(
        PagerProtocol.JSON.treeToValue(ask(new PagerRequest.ListAll()), PagedStatus[].class));
  }

  /** Asks no more; the pager goes on. */
  @Override
  public void close() {
    try {
      watch.close();
    } catch (IOException e) {
      throw unavailable(socket, e);
    }
  }

  private void awaitEnd() {
    try {
      watch.read(ByteBuffer.allocate(1)); // nothing is ever sent
    } catch (IOException e) {
      // lost as well
    } finally {
      lost.complete(null);
    }
  }

  private static PagedStatus status(JsonNode json) {
    return PagerProtocol.JSON.treeToValue(json, PagedStatus.class);
  }

  private JsonNode ask(PagerRequest request) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      var answer = new CompletableFuture<String>();
      Thread.ofVirtual().name("pager-call").start(() -> converse(channel, request, answer));
      return PagerProtocol.value(answer.get(ANSWER_LIMIT.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "pager " + socket + ": no answer within " + ANSWER_LIMIT.toSeconds() + " s",
          e);
    } catch (ExecutionException | IOException e) {
      throw unavailable(socket, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for the pager", e);
    }
  }

  private void converse(
      SocketChannel channel, PagerRequest request, CompletableFuture<String> answer) {
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      String line = PagerProtocol.JSON.writeValueAsString(request) + "\n";
      ByteBuffer out = StandardCharsets.UTF_8.encode(line);
      while (out.hasRemaining()) {
        channel.write(out);
      }
      var in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      String answered = in.readLine();
      if (answered == null) {
        throw new IOException("it has ended");
      }
      answer.complete(answered);
    } catch (IOException | RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private static SkepException unavailable(Path socket, Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    return new SkepException(
        Code.UNAVAILABLE, "pager " + socket + ": " + cause.getMessage(), cause);
  }
}
