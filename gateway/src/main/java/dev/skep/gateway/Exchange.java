package dev.skep.gateway;

import dev.skep.api.Protocol;
import dev.skep.control.DataPlaneListener.Served;
import dev.skep.control.RevisionTraffic;
import dev.skep.sandbox.StartFailure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request from its arrival to the last byte of its response, whatever protocols the client and
 * the instance speak: one state machine on one event loop. It asks the {@link RevisionPool} for a
 * slot, waits, connects, passes both bodies through without buffering them, and gives the slot back
 * exactly once.
 */
final class Exchange implements RevisionPool.Waiter {
  private enum State {
    NEW,
    /** In the queue of the revision. */
    PARKED,
    /** Owns a slot, has no connection yet. */
    CONNECTING,
    /** Bytes go through. */
    OPEN,
    /**
     * The client left; the instance still works and keeps its slot until it shows that it is done.
     */
    ABANDONED,
    DONE
  }

  private static final AsciiString SKEP_START = AsciiString.cached("skep-start");
  private static final long FIRST_BACKOFF_MILLIS = 50;
  private static final int MOST_BACKOFF_DOUBLINGS = 4;

  private final Loop loop;
  private final Router router;
  private final ClientSide client;
  private final long arrivedNanos;
  private RequestHead request;
  private State state = State.NEW;

  private @Nullable RevisionPool pool;
  private @Nullable RevisionTraffic traffic;
  private @Nullable Instance instance;
  private @Nullable InstanceSide upstream;

  // What came of the request's body before there was a connection.
  private @Nullable ArrayDeque<ByteBuf> held;
  private @Nullable Fields heldTrailers;
  private final boolean bodyless;
  private boolean requestDone;
  private boolean requestBytesSent;
  private boolean retried;
  private @Nullable String lastFailure;

  private boolean parkedOnce;
  private long dispatchedNanos;
  private long firstByteNanos;
  private boolean responding;
  private boolean tunnel;
  private int status;

  // For the idle timeout: marked by every byte, turned into a time by the sweep.
  private boolean active;
  private long activeNanos;

  /** Place in the loop's list; the loop's own. */
  int position;

  /**
   * @param bodyless the request ends with its head
   */
  Exchange(Loop loop, Router router, ClientSide client, RequestHead request, boolean bodyless) {
    this.loop = loop;
    this.router = router;
    this.client = client;
    this.request = request;
    this.bodyless = bodyless;
    requestDone = bodyless;
    arrivedNanos = loop.now();
  }

  // ------------------------------------------------------------------ from the client

  /** Routes the request and asks for a slot. The client may get its answer before this returns. */
  void start() {
    loop.add(this);
    loop.metrics().started();
    String host = client.origin().host(request.authority());
    if (host == null) {
      answer(Reply.badRequest("'" + request.authority() + "' is not a host name with a port"));
      return;
    }
    request = RequestRules.apply(request, client.origin());
    switch (router.resolve(host)) {
      case RevisionPool found -> enter(found);
      case Router.NoRoute() -> answer(Reply.noRoute(host));
      case Router.NoRevision(var key) -> answer(Reply.noRevision(key));
    }
  }

  /** Bytes of the request's body, whose ownership passes. */
  void requestData(ByteBuf data, boolean last) {
    requestDone |= last;
    active = true;
    loop.metrics().requestBytes(data.readableBytes());
    InstanceSide to = upstream;
    if (state == State.OPEN && to != null) {
      requestBytesSent |= data.isReadable();
      to.data(data, last);
      if (!to.writable()) {
        client.reading(false);
      }
    } else if (state == State.DONE || state == State.ABANDONED) {
      data.release();
    } else {
      hold(data);
    }
  }

  /** The end of the request's body. */
  void requestTrailers(Fields trailers) {
    requestDone = true;
    if (state == State.OPEN && upstream != null) {
      upstream.trailers(trailers);
    } else {
      heldTrailers = trailers;
    }
  }

  /** All that has come from the client for now was handed over. */
  void requestFlush() {
    if (upstream != null) {
      upstream.flush();
    }
  }

  /** The client's connection takes bytes again, or no more for now. */
  void clientWritable(boolean writable) {
    if (upstream != null && state == State.OPEN) {
      upstream.reading(writable);
    }
  }

  /** The client left, or broke the protocol: nobody reads a response any more. */
  void clientGone() {
    switch (state) {
      case NEW, DONE, ABANDONED -> {}
      case PARKED -> {
        poolOf().leave(this);
        end(0);
      }
      case CONNECTING -> end(0);
      case OPEN -> leaveInstance();
    }
  }

  /** The gateway ends: what waits is refused, what runs may end. */
  void drain() {
    if (state == State.PARKED && poolOf().leave(this)) {
      answer(Reply.shuttingDown());
    }
  }

  // ------------------------------------------------------------------ from the pool, any thread

  @Override
  public void assigned(Instance to) {
    loop.execute(() -> dispatchParked(to));
  }

  @Override
  public void refused(StartFailure failure) {
    loop.execute(() -> answerParked(Reply.startFailed(poolOf().key(), failure)));
  }

  @Override
  public void forgotten() {
    loop.execute(() -> answerParked(Reply.noRevision(poolOf().key())));
  }

  // ------------------------------------------------------------------ from the connection

  /** Whether a connection is still of use. */
  boolean wantsConnection() {
    return state == State.CONNECTING;
  }

  /** A connection to the instance is there: the request goes out. */
  void connected(InstanceSide side) {
    upstream = side;
    state = State.OPEN;
    activeNanos = loop.now();
    try {
      side.request(request, requestDone && held == null && heldTrailers == null);
    } catch (IllegalArgumentException e) {
      upstream = null;
      side.abort();
      answer(
          Reply.badRequest(
              "the request can't be written in the function's protocol: " + e.getMessage()));
      return;
    }
    sendHeld(side);
    side.flush();
    if (!requestDone) {
      client.reading(side.writable());
    }
  }

  /** No connection could be made: no byte was sent, another instance may take the request. */
  void connectFailed(Throwable cause) {
    Instance failed = instanceOf();
    lastFailure = failed.id() + ": " + cause.getMessage();
    suspend(failed);
    loop.tell(
        to -> to.unreachable(poolOf().key(), failed.id(), String.valueOf(cause.getMessage())));
    release();
    if (state == State.CONNECTING) {
      take(poolOf().admitAgain(this, loop.now()));
    }
  }

  /** The instance's connection takes bytes again, or no more for now. */
  void instanceWritable(boolean writable) {
    if (state == State.OPEN && (tunnel || !requestDone)) {
      client.reading(writable);
    }
  }

  /** A 1xx response. */
  void inform(ResponseHead head) {
    if (state == State.OPEN) {
      active = true;
      client.inform(head);
    }
  }

  /** The instance switches to the protocol that the client asked for. */
  void switched(ResponseHead head) {
    if (state != State.OPEN) {
      settleAbandoned();
      return;
    }
    if (request.upgrade() == null) {
      breakOff("it switched protocols unasked");
      return;
    }
    tunnel = true;
    responds(head);
    client.tunnel(head);
  }

  /** The head of the response. */
  void response(ResponseHead head, boolean last) {
    if (state != State.OPEN) {
      settleAbandoned();
      return;
    }
    HopByHop.stripResponse(head.fields());
    responds(head);
    InstanceSide from = upstream;
    if (last) {
      instanceDone();
    }
    try {
      client.respond(head, last);
    } catch (IllegalArgumentException e) {
      unwritable(from, e);
    }
  }

  /** Bytes of the response's body, whose ownership passes. */
  void responseData(ByteBuf data, boolean last) {
    if (state != State.OPEN) {
      data.release();
      return;
    }
    active = true;
    loop.metrics().responseBytes(data.readableBytes());
    InstanceSide from = upstream;
    if (last) {
      instanceDone();
    }
    client.data(data, last);
    if (!last && from != null && !client.writable()) {
      from.reading(false);
    }
  }

  /** The end of the response's body. */
  void responseTrailers(Fields trailers) {
    if (state == State.OPEN) {
      instanceDone();
      client.trailers(trailers);
    }
  }

  /** All that has come from the instance for now was handed over. */
  void responseFlush() {
    client.flush();
  }

  /** The instance promises that it has not begun this request: it may be sent again. */
  void notProcessed(String cause) {
    upstream = null;
    if (state == State.OPEN && !requestBytesSent && !retried) {
      retried = true;
      connect(instanceOf());
    } else {
      instanceFailed(cause);
    }
  }

  /** The instance's connection or stream ended before the response did. */
  void instanceFailed(String cause) {
    InstanceSide failed = upstream;
    upstream = null;
    if (state == State.ABANDONED) {
      end(0);
    } else if (state == State.OPEN) {
      if (tunnel) {
        instanceDone();
        client.data(Unpooled.EMPTY_BUFFER, true);
      } else if (responding) {
        end(status);
        client.abort("");
      } else if (failed != null && failed.reused() && mayRepeat()) {
        retried = true;
        connect(instanceOf());
      } else {
        Instance at = instanceOf();
        loop.tell(to -> to.unreachable(poolOf().key(), at.id(), cause));
        answer(Reply.instanceFailed(poolOf().key(), at.id(), cause));
      }
    }
  }

  // ------------------------------------------------------------------ time

  /** Ends the request if it takes too long. */
  void checkTimeouts(long now) {
    RevisionTraffic limits = traffic;
    if (limits == null || state == State.DONE) {
      return;
    }
    if (active) {
      active = false;
      activeNanos = now;
    }
    if (passed(limits.timeout(), now - arrivedNanos)) {
      timeout(limits.timeout(), responding ? "no complete response" : waitedFor());
    } else if (!responding && passed(limits.responseStartTimeout(), now - arrivedNanos)) {
      timeout(limits.responseStartTimeout(), responding ? "" : waitedFor());
    } else if (state == State.OPEN && passed(limits.idleTimeout(), now - activeNanos)) {
      timeout(limits.idleTimeout(), "no byte in either direction");
    }
  }

  private static boolean passed(Duration limit, long nanos) {
    return !limit.isZero() && nanos >= limit.toNanos();
  }

  private String waitedFor() {
    String failure = lastFailure == null ? "" : " (last failure: " + lastFailure + ")";
    return state == State.PARKED ? "no instance was free" + failure : "no response" + failure;
  }

  private void timeout(Duration limit, String what) {
    if (state == State.ABANDONED) {
      settleAbandoned();
      return;
    }
    if (state == State.PARKED && !poolOf().leave(this)) {
      return; // its slot is on the way: the next sweep ends it
    }
    if (upstream != null) {
      upstream.abort();
      upstream = null;
    }
    if (responding) {
      end(status);
      client.abort("request timeout");
    } else {
      answer(Reply.timeout(poolOf().key(), limit, what));
    }
  }

  // ------------------------------------------------------------------ steps

  private void enter(RevisionPool found) {
    pool = found;
    traffic = found.traffic();
    take(found.admit(this, arrivedNanos));
  }

  private void take(RevisionPool.Admission admission) {
    switch (admission) {
      case Instance free -> dispatch(free);
      case RevisionPool.Denied denied -> {
        switch (denied) {
          case PARKED -> park();
          case FULL -> answer(Reply.queueFull(poolOf().key(), poolOf().traffic().queueDepth()));
          case FORGOTTEN -> answer(Reply.noRevision(poolOf().key()));
        }
      }
    }
  }

  private void park() {
    state = State.PARKED;
    loop.metrics().parked();
    if (!requestDone) {
      client.reading(false);
    }
    if (loop.draining()) {
      drain();
    } else if (!parkedOnce) {
      parkedOnce = true;
      String id = requestId();
      loop.tell(to -> to.parked(poolOf().key(), id, arrivedNanos));
    }
  }

  private void dispatchParked(Instance to) {
    if (state == State.PARKED) {
      loop.metrics().unparked();
      dispatch(to);
    } else {
      giveBack(to); // the client left, or the time was up, while the slot was on its way
    }
  }

  private void answerParked(Reply reply) {
    if (state == State.PARKED) {
      answer(reply);
    }
  }

  private void dispatch(Instance to) {
    instance = to;
    if (parkedOnce) {
      dispatchedNanos = loop.now();
    }
    connect(to);
  }

  private void connect(Instance to) {
    state = State.CONNECTING;
    if (!requestDone) {
      client.reading(false);
    }
    Upstreams upstreams = to.upstreams(loop);
    if (poolOf().traffic().protocol() == Protocol.H2C) {
      upstreams.openHttp2(this);
    } else {
      upstreams.openHttp1(this, retried);
    }
  }

  private void responds(ResponseHead head) {
    active = true;
    responding = true;
    status = head.status().code();
    if (parkedOnce) {
      firstByteNanos = loop.now();
      head.fields().set(SKEP_START, startKind());
    }
  }

  private String startKind() {
    boolean cold = instanceOf().readyNanos() - arrivedNanos > 0;
    long waited = TimeUnit.NANOSECONDS.toMillis(dispatchedNanos - arrivedNanos);
    return (cold ? "cold" : "queued") + "; id=" + requestId() + "; wait=" + waited;
  }

  /** The instance's part is over; the caller hands the last bytes to the client. */
  private void instanceDone() {
    upstream = null;
    Instance at = instanceOf();
    end(status);
    if (parkedOnce) {
      Served served =
          new Served(
              poolOf().key(),
              requestId(),
              at.id(),
              arrivedNanos,
              dispatchedNanos,
              firstByteNanos,
              loop.now());
      loop.tell(to -> to.served(served));
    }
  }

  private void answer(Reply reply) {
    end(reply.status().code());
    if (!requestDone) {
      client.unread();
    }
    reply.writeTo(client, request);
    client.flush();
  }

  private void leaveInstance() {
    InstanceSide side = upstream;
    boolean exact = traffic != null && traffic.containerConcurrency() > 0;
    if (exact && !responding && side != null) {
      state = State.ABANDONED;
      dropHeld();
      side.leave();
      return;
    }
    upstream = null;
    end(tunnel ? status : 0);
    if (side != null && tunnel) {
      side.data(Unpooled.EMPTY_BUFFER, true);
    } else if (side != null) {
      side.abort();
    }
  }

  private void breakOff(String cause) {
    InstanceSide side = upstream;
    instanceFailed(cause);
    if (side != null) {
      side.abort();
    }
  }

  /** The response can't be written in the client's protocol, and nothing of it was. */
  private void unwritable(@Nullable InstanceSide from, IllegalArgumentException cause) {
    Reply reply =
        Reply.of(
            HttpResponseStatus.BAD_GATEWAY,
            "BadResponse",
            "the function's response can't be written in the client's protocol: "
                + cause.getMessage());
    upstream = null;
    if (state != State.DONE) {
      end(reply.status().code());
      if (from != null) {
        from.abort();
      }
    }
    reply.writeTo(client, request);
    client.flush();
  }

  private void settleAbandoned() {
    InstanceSide side = upstream;
    upstream = null;
    if (state == State.ABANDONED) {
      end(0);
    }
    if (side != null) {
      side.abort();
    }
  }

  /** The one way into DONE. */
  private void end(int finalStatus) {
    if (state == State.PARKED) {
      loop.metrics().unparked();
    }
    state = State.DONE;
    dropHeld();
    release();
    loop.remove(this);
    loop.metrics().done(finalStatus, loop.now() - arrivedNanos);
  }

  private void release() {
    Instance at = instance;
    instance = null;
    if (at != null) {
      giveBack(at);
    }
  }

  private void giveBack(Instance at) {
    RevisionPool from = at.pool();
    if (from.release(at, loop.now())) {
      router.dropFinished(from);
    }
  }

  private void suspend(Instance failed) {
    int failures = poolOf().suspend(failed);
    long backoff = FIRST_BACKOFF_MILLIS << Math.min(failures - 1, MOST_BACKOFF_DOUBLINGS);
    loop.after(backoff, () -> failed.pool().resume(failed));
  }

  private boolean mayRepeat() {
    HttpMethod method = request.method();
    boolean idempotent =
        method.equals(HttpMethod.GET)
            || method.equals(HttpMethod.HEAD)
            || method.equals(HttpMethod.OPTIONS)
            || method.equals(HttpMethod.PUT)
            || method.equals(HttpMethod.DELETE);
    return bodyless && idempotent && !retried;
  }

  private void hold(ByteBuf data) {
    if (held == null) {
      held = new ArrayDeque<>(4);
    }
    held.add(data);
  }

  private void sendHeld(InstanceSide side) {
    ArrayDeque<ByteBuf> bytes = held;
    Fields trailers = heldTrailers;
    held = null;
    heldTrailers = null;
    while (bytes != null && !bytes.isEmpty()) {
      ByteBuf next = bytes.poll();
      requestBytesSent |= next.isReadable();
      side.data(next, bytes.isEmpty() && requestDone && trailers == null);
    }
    if (trailers != null) {
      side.trailers(trailers);
    }
  }

  private void dropHeld() {
    if (held != null) {
      held.forEach(ByteBuf::release);
      held = null;
    }
  }

  private String requestId() {
    CharSequence id = request.fields().get(RequestRules.X_REQUEST_ID);
    return id == null ? "" : id.toString();
  }

  private RevisionPool poolOf() {
    return java.util.Objects.requireNonNull(pool, "pool of a routed request");
  }

  private Instance instanceOf() {
    return java.util.Objects.requireNonNull(instance, "instance of a dispatched request");
  }
}
