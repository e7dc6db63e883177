package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.InstanceView;
import dev.skep.control.Instances;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.workload.RunningPods;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * What leaves HTTP: {@code .../pods/NAME/exec} and {@code portforward}, over SPDY/3.1 (any kubectl)
 * or WebSocket (kubectl from 1.31 on asks for it first).
 */
final class PodStreams {
  static final String SPDY = "SPDY/3.1";
  static final String WEB_SOCKET = "websocket";

  private static final Set<String> SUBRESOURCES = Set.of("exec", "attach", "portforward");
  private static final String EXEC_4 = "v4.channel.k8s.io";
  private static final String EXEC_5 = "v5.channel.k8s.io";
  private static final String TUNNEL = SPDY + "+" + PortForward.PROTOCOL;

  /**
   * A request that is allowed and can be served.
   *
   * @param protocol as it is told to the client, such as {@code v4.channel.k8s.io}
   * @param codecs for one connection
   */
  record Plan(
      String protocol, List<ChannelHandler> codecs, UpgradedConnection.Protocol connection) {}

  /** What a client asks for. */
  record Request(ResourcePath path, UriQuery query, Headers headers) {
    boolean isWebSocket() {
      return headers.first(HeaderNames.UPGRADE).filter(WEB_SOCKET::equals).isPresent();
    }

    private boolean flag(String name) {
      return query.contains(name) && Set.of("true", "1").contains(query.get(name));
    }

    private List<String> all(String name) {
      return query.contains(name) ? query.all(name) : List.of();
    }

    /** Takes the first of ours that the client offers. Fails with 400. */
    private String agree(String... ours) {
      String header = isWebSocket() ? "Sec-WebSocket-Protocol" : "X-Stream-Protocol-Version";
      var offered = new ArrayList<String>();
      for (String value : headers.all(HeaderNames.create(header), List::of)) {
        for (String one : value.split(",", -1)) {
          offered.add(one.strip());
        }
      }
      for (String one : ours) {
        if (offered.contains(one)) {
          return one;
        }
      }
      throw ApiFailure.badRequest(
          "%s: %s (expected: one of %s)".formatted(header, offered, List.of(ours)));
    }
  }

  private final ResourceStore store;
  private final Instances instances;
  private final RunningPods pods;
  private final Executor executor;

  /**
   * @param store with the instances of functions as pods
   * @param executor runs what blocks: a virtual thread each
   */
  PodStreams(ResourceStore store, Instances instances, RunningPods pods, Executor executor) {
    this.store = store;
    this.instances = instances;
    this.pods = pods;
    this.executor = executor;
  }

  /** Whether it is for this to answer. */
  static boolean serves(ResourcePath path) {
    return path.group().isEmpty()
        && path.plural().equals(ResourceKind.POD.plural())
        && path.name().isPresent()
        && path.subresource().filter(SUBRESOURCES::contains).isPresent();
  }

  /** Fails with what the client is to be told. Begins nothing. */
  Plan plan(Request request, User user) {
    ResourcePath path = request.path();
    String namespace = path.namespace().orElse("");
    String name = path.name().orElse("");
    String what = path.subresource().orElse("");
    // A WebSocket is a GET, and yet more than reading.
    user.check(new Access("create", "", path.plural(), what, namespace, name));
    if (what.equals("attach")) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "attach is not supported: nothing holds the streams of a process that runs (expected: logs -f to see its output, exec for a process of its own)");
    }
    ApiObject pod =
        store
            .get(ResourceKind.POD, namespace, name)
            .orElseThrow(
                () -> new SkepException(Code.NOT_FOUND, "pods \"%s\" not found".formatted(name)));
    RunningPod running =
        running(namespace, name)
            .orElseThrow(() -> ApiFailure.badRequest("pod \"%s\" is not running".formatted(name)));
    return what.equals("exec") ? exec(request, pod, running) : forward(request, running);
  }

  private Optional<RunningPod> running(String namespace, String name) {
    Optional<String> instance = instances.ofPod(namespace, name);
    if (instance.isEmpty()) {
      return pods.find(namespace, name)
          .map(sandbox -> new RunningPod(sandbox.endpoint(), sandbox::exec));
    }
    return instance
        .flatMap(instances::find)
        .flatMap(InstanceView::address)
        .map(
            address ->
                new RunningPod(
                    endpoint(address), command -> instances.exec(instance.get(), command)));
  }

  /** Of {@code 10.0.0.2:8080}. */
  private static InetSocketAddress endpoint(String address) {
    int colon = address.lastIndexOf(':');
    return new InetSocketAddress(
        InetAddress.ofLiteral(address.substring(0, colon)),
        Integer.parseInt(address.substring(colon + 1)));
  }

  private Plan exec(Request request, ApiObject pod, RunningPod running) {
    ExecSession.Order order = order(request, running);
    checkContainer(request, pod);
    if (!request.isWebSocket()) {
      return new Plan(
          request.agree(EXEC_4),
          List.of(new SpdyFrameCodec(SpdyVersion.SPDY_3_1)),
          connection -> new SpdyStreams(connection, use -> new SpdyExec(use, order, executor)));
    }
    String protocol =
        order.stdin() ? request.agree(EXEC_5) : request.agree(EXEC_5, EXEC_4); // 4 cannot end stdin
    return new Plan(
        protocol,
        WebSockets.codecs(),
        connection -> new WebSocketExec(connection, order, executor));
  }

  private static ExecSession.Order order(Request request, RunningPod running) {
    var order =
        new ExecSession.Order(
            running,
            request.all("command"),
            request.flag("stdin"),
            request.flag("stdout"),
            request.flag("stderr"),
            request.flag("tty"));
    if (order.argv().isEmpty()) {
      throw ApiFailure.badRequest("command: missing (expected: the program first)");
    }
    return order;
  }

  private static void checkContainer(Request request, ApiObject pod) {
    String wanted = String.join("", request.all("container"));
    String only = pod.spec().path("containers").path(0).path("name").asString("");
    if (!wanted.isEmpty() && !only.isEmpty() && !wanted.equals(only)) {
      throw ApiFailure.badRequest(
          "container %s is not valid for pod %s (expected: %s)"
              .formatted(wanted, pod.name(), only));
    }
  }

  private Plan forward(Request request, RunningPod running) {
    var codecs = new ArrayList<ChannelHandler>();
    String protocol = PortForward.PROTOCOL;
    if (request.isWebSocket()) {
      protocol = request.agree(TUNNEL);
      codecs.addAll(WebSockets.codecs());
      codecs.add(new WebSockets.Tunnel());
    } else {
      protocol = request.agree(PortForward.PROTOCOL);
    }
    codecs.add(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
    return new Plan(
        protocol,
        codecs,
        connection ->
            new SpdyStreams(connection, use -> new PortForward(use, running.endpoint(), executor)));
  }
}
