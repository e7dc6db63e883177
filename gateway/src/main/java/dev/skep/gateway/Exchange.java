package dev.skep.gateway;

import dev.skep.api.Protocol;
import dev.skep.control.RouteTable;
import dev.skep.telemetry.RequestIds;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request from its arrival to the last byte of its response, whatever protocols the client and
 * the instance speak: one state machine on one event loop. It asks the {@link RevisionPool} for a
 * slot, waits, connects, passes both bodies through without buffering them, and gives the slot back
 * exactly once.
 */
final class Exchange {
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

  private final Loop loop;
  private final Router router;
  private final ClientSide client;
  private final long arrivedNanos;
  private RequestHead request;
  private State state = State.NEW;

  private @Nullable Place place;
  private @Nullable Deadlines deadlines;
  private @Nullable InstanceSide upstream;

  private final HeldBody held = new HeldBody();
  private final boolean bodyless;
  private boolean requestDone;
  private boolean requestBytesSent;
  private boolean retried;

  private boolean responding;
  private boolean tunnel;
  private int status;

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
    RouteTable.Route route = router.route(host);
    CharSequence tag = TagHeader.of(route, request.fields()); // the rules take it away
    request = RequestRules.apply(request, client.origin());
    TagHeader.tell(route, tag, request.fields());
    switch (router.resolve(route, tag, client.origin().isTls())) {
      case RevisionPool found -> enter(found);
      case Router.NoRoute() -> answer(Reply.noRoute(host));
      case Router.NoRevision(var key) -> answer(Reply.noRevision(key));
      case Router.Redirect(var to) -> answer(Reply.redirect(to + request.path()));
    }
  }

  /** Bytes of the request's body, whose ownership passes. */
  void requestData(ByteBuf data, boolean last) {
    requestDone |= last;
    touch();
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
      held.add(data);
    }
  }

  /** The end of the request's body. */
  void requestTrailers(Fields trailers) {
    requestDone = true;
    if (state == State.OPEN && upstream != null) {
      upstream.trailers(trailers);
    } else {
      held.end(trailers);
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
        place().leave();
        end(0);
      }
      case CONNECTING -> end(0);
      case OPEN -> leaveInstance();
    }
  }

  /** The gateway ends: what waits is refused, what runs may end. */
  void drain() {
    if (state == State.PARKED && place().leave()) {
      answer(Reply.shuttingDown());
    }
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
    try {
      side.request(request, requestDone && held.isEmpty());
    } catch (IllegalArgumentException e) {
      upstream = null;
      side.abort();
      answer(
          Reply.badRequest(
              "the request can't be written in the function's protocol: " + e.getMessage()));
      return;
    }
    requestBytesSent |= held.sendTo(side, requestDone);
    side.flush();
    if (!requestDone) {
      client.reading(side.writable());
    }
  }

  /** No connection could be made: no byte was sent, another instance may take the request. */
  void connectFailed(Throwable cause) {
    place().moveOn(cause);
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
      touch();
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
    touch();
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
      connect(place().instance());
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
        connect(place().instance());
      } else {
        place().tellUnreachable(cause);
        answer(Reply.instanceFailed(place().key(), place().instance().id(), cause));
      }
    }
  }

  // ------------------------------------------------------------------ time

  /** Ends the request if it takes too long. */
  void checkTimeouts(long now) {
    Deadlines limits = deadlines;
    if (limits != null && state != State.DONE) {
      Deadlines.Breach breach = limits.check(now, state == State.OPEN, responding);
      if (breach != null) {
        timeout(breach, limits.limit(breach));
      }
    }
  }

  private void timeout(Deadlines.Breach breach, Duration limit) {
    if (state == State.ABANDONED) {
      settleAbandoned();
      return;
    }
    if (state == State.PARKED && !place().leave()) {
      return; // its slot is on the way: the next sweep ends it
    }
    Reply reply = Reply.timeout(place().key(), limit, missing(breach));
    if (upstream != null) {
      upstream.abort();
      upstream = null;
    }
    if (responding) {
      end(status);
      client.abort("request timeout");
    } else {
      answer(reply);
    }
  }

  private String missing(Deadlines.Breach breach) {
    if (breach == Deadlines.Breach.IDLE) {
      return "no byte in either direction";
    }
    return (state == State.PARKED ? "no instance was free" : "no response") + place().lastFailure();
  }

  private void touch() {
    if (deadlines != null) {
      deadlines.touch();
    }
  }

  // ------------------------------------------------------------------ steps

  private void enter(RevisionPool pool) {
    Place asked = new Place(loop, router, pool, this, arrivedNanos);
    place = asked;
    deadlines = new Deadlines(pool.traffic(), arrivedNanos);
    asked.enter();
  }

  boolean isParked() {
    return state == State.PARKED;
  }

  /** It is in the queue; its body stays unread. */
  void park() {
    state = State.PARKED;
    if (!requestDone) {
      client.reading(false);
    }
    if (loop.draining()) {
      drain();
    }
  }

  /** It has a slot: a connection is needed. */
  void connect(Instance to) {
    state = State.CONNECTING;
    if (!requestDone) {
      client.reading(false);
    }
    Upstreams upstreams = to.upstreams(loop);
    if (place().traffic().protocol() == Protocol.H2C) {
      upstreams.openHttp2(this);
    } else {
      upstreams.openHttp1(this, retried);
    }
  }

  private void responds(ResponseHead head) {
    touch();
    responding = true;
    status = head.status().code();
    place().responds(head.fields());
  }

  /** The instance's part is over; the caller hands the last bytes to the client. */
  private void instanceDone() {
    upstream = null;
    place().served();
    end(status);
  }

  /** The gateway itself answers. */
  void answer(Reply reply) {
    end(reply.status().code());
    if (!requestDone) {
      client.unread();
    }
    reply.writeTo(client, request);
    client.flush();
  }

  private void leaveInstance() {
    InstanceSide side = upstream;
    boolean exact = place().traffic().containerConcurrency() > 0;
    if (exact && !responding && side != null) {
      state = State.ABANDONED;
      held.drop();
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
    held.drop();
    if (place != null) {
      place.release();
    }
    loop.remove(this);
    loop.metrics().done(finalStatus, loop.now() - arrivedNanos);
  }

  private boolean mayRepeat() {
    return bodyless && request.isIdempotent() && !retried;
  }

  /** By what it is known, and is to the function as well. */
  RequestIds ids() {
    CharSequence id = request.fields().get(RequestRules.X_REQUEST_ID);
    return new RequestIds(
        id == null ? "" : id.toString(),
        TraceParent.traceId(request.fields().get(TraceParent.NAME)));
  }

  private Place place() {
    return Objects.requireNonNull(place, "place of a routed request");
  }
}
