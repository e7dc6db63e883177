package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Descriptor;
import dev.skep.linux.EventFd;
import dev.skep.linux.Poll;
import dev.skep.linux.UnixConnection;
import dev.skep.linux.UnixConnection.Received;
import dev.skep.linux.Userfaultfd;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.databind.JsonNode;

/** A VMM that has connected, and what it has handed over. It lives no longer than this is open. */
final class Vmm implements AutoCloseable {
  private static final Duration HANDOFF_LIMIT = Duration.ofSeconds(10);
  private static final Duration DEATH_LIMIT = Duration.ofSeconds(5);
  private static final int MESSAGES_WITHOUT_DESCRIPTOR = 5;
  private static final int MAX_MESSAGE_BYTES = 1 << 20;

  /** What a VMM hands over: its page faults, and the JSON of its memory regions. */
  record Handoff(Userfaultfd faults, JsonNode regions) {}

  private final UnixConnection connection;
  private final Poll poll;
  private final long pid;
  private final Optional<ProcessHandle> process; // remembers its start: a reused pid is not it
  private @Nullable Userfaultfd faults;

  private Vmm(UnixConnection connection, EventFd stop) {
    this.connection = connection;
    this.poll = new Poll(connection.descriptor(), stop.descriptor());
    this.pid = connection.peer();
    this.process = ProcessHandle.of(pid);
  }

  /** Takes over the connection. */
  static Vmm of(UnixConnection connection, EventFd stop) {
    try {
      return new Vmm(connection, stop);
    } catch (SkepException e) {
      connection.close();
      throw e;
    }
  }

  long pid() {
    return pid;
  }

  /** Closed, by the kernel at the latest, when the VMM is gone. */
  Descriptor descriptor() {
    return connection.descriptor();
  }

  /**
   * Waits for the message with its userfaultfd; empty if we are to stop. The JSON may come in
   * parts, and messages without a descriptor before; more descriptors than one are not needed.
   *
   * @throws SkepException if the VMM sends anything else, hangs up, or takes longer than 10 s
   */
  Optional<Handoff> receiveHandoff() {
    long deadline = System.nanoTime() + HANDOFF_LIMIT.toNanos();
    Optional<Received> message = receiveWithDescriptor(deadline);
    if (message.isEmpty()) {
      return Optional.empty();
    }
    message.get().descriptors().stream().skip(1).forEach(Descriptor::close);
    faults = Userfaultfd.received(message.get().descriptors().getFirst());
    var json = new ByteArrayOutputStream();
    json.writeBytes(message.get().bytes());
    while (true) {
      Optional<JsonNode> regions = parse(json);
      if (regions.isPresent()) {
        return Optional.of(new Handoff(faults, regions.get()));
      }
      Optional<Received> more = receive(deadline);
      if (more.isEmpty()) {
        return Optional.empty();
      }
      more.get().descriptors().forEach(Descriptor::close);
      json.writeBytes(more.get().bytes());
    }
  }

  /** Whether it has closed its end; anything that it has sent instead is dropped. */
  boolean gone() {
    Optional<Received> received = connection.receive();
    received.ifPresent(message -> message.descriptors().forEach(Descriptor::close));
    return received.isPresent() && received.get().bytes().length == 0;
  }

  /**
   * Kills it, if it still runs, before its faults go unserved: it would hang, or, if we had the
   * last descriptor of them, read zeros.
   */
  @Override
  public void close() {
    process.ifPresent(ProcessHandle::destroyForcibly);
    new Poll(connection.descriptor()).await(DEATH_LIMIT);
    if (faults != null) {
      faults.close();
    }
    connection.close();
  }

  private Optional<Received> receiveWithDescriptor(long deadline) {
    for (int without = 0; without <= MESSAGES_WITHOUT_DESCRIPTOR; without++) {
      Optional<Received> message = receive(deadline);
      if (message.isEmpty() || !message.get().descriptors().isEmpty()) {
        return message;
      }
    }
    throw refused("no descriptor with " + (MESSAGES_WITHOUT_DESCRIPTOR + 1) + " messages");
  }

  /** The next message; empty if we are to stop. */
  private Optional<Received> receive(long deadline) {
    while (true) {
      if (!poll.await(Duration.ofNanos(deadline - System.nanoTime()))) {
        throw refused("nothing more within " + HANDOFF_LIMIT.toSeconds() + " s");
      }
      if (poll.ready(1)) {
        return Optional.empty();
      }
      Optional<Received> received = connection.receive();
      if (received.isPresent() && received.get().bytes().length == 0) {
        throw refused("an end");
      }
      if (received.isPresent()) {
        return received;
      }
    }
  }

  private static Optional<JsonNode> parse(ByteArrayOutputStream json) {
    if (json.size() > MAX_MESSAGE_BYTES) {
      throw refused("more than " + MAX_MESSAGE_BYTES + " bytes");
    }
    try {
      JsonNode message = PagerProtocol.JSON.readTree(json.toByteArray());
      if (!message.isArray()) {
        throw refused("no list: " + message);
      }
      return Optional.of(message);
    } catch (UnexpectedEndOfInputException e) {
      return Optional.empty(); // the rest will come
    } catch (JacksonException e) {
      throw refused("no JSON: " + e.getOriginalMessage());
    }
  }

  private static SkepException refused(String found) {
    return new SkepException(
        Code.INVALID,
        "the VMM sent " + found + ", expected the list of its memory regions and a userfaultfd");
  }
}
