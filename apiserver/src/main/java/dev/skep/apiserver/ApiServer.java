package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.OwnedObjects;
import dev.skep.store.ResourceStore;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * The API: Kubernetes-style over TLS with a token, and the same without either on a unix socket
 * that its owner alone can open.
 */
public final class ApiServer implements AutoCloseable {
  private static final String UNIX = "unix";
  private static final int LONGEST_SOCKET_PATH = 107; // sun_path of unix(7)

  private final WebServer server;
  private final Path socket;
  private final Path kubeconfig;

  private ApiServer(WebServer server, Path socket, Path kubeconfig) {
    this.server = server;
    this.socket = socket;
    this.kubeconfig = kubeconfig;
  }

  /**
   * Serves from when it returns. The caller owns the state folder ({@link
   * dev.skep.store.StateLock}); a socket that is there is left over. Fails with UNAVAILABLE when
   * the port is taken.
   */
  public static ApiServer start(ApiOptions options, ApiParts parts) {
    Path socket = options.state().resolve("api.sock");
    Path kubeconfig = options.state().resolve("kubeconfig");
    try {
      prepare(options.state(), socket);
      checkFree(new InetSocketAddress(options.address(), options.port()));
      Credentials credentials =
          Credentials.ensure(options.state(), options.address(), Clock.systemUTC());
      WebServer server = listen(options, parts, credentials, socket);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      credentials.writeKubeconfig(kubeconfig, options.address(), server.port());
      return new ApiServer(server, socket, kubeconfig);
    } catch (IOException | GeneralSecurityException e) {
      throw new SkepException(Code.INTERNAL, "API in %s: %s".formatted(options.state(), e), e);
    }
  }

  private static void prepare(Path state, Path socket) throws IOException {
    if (socket.toString().length() > LONGEST_SOCKET_PATH) {
      throw new SkepException(
          Code.INVALID,
          "%s: %d characters (expected: a state folder whose socket's path has at most %d)"
              .formatted(socket, socket.toString().length(), LONGEST_SOCKET_PATH));
    }
    Files.createDirectories(state);
    // Before the socket is there: between its bind and its chmod nobody else may reach it.
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
    Files.deleteIfExists(socket);
  }

  private static WebServer listen(
      ApiOptions options, ApiParts parts, Credentials credentials, Path socket)
      throws GeneralSecurityException, IOException {
    var addresses = new ServiceAddresses(parts.store(), parts.services());
    var kinds = Kinds.all(parts.store(), addresses, parts.instances());
    ResourceStore kept = EventKinds.with(parts.events(), parts.store());
    var namespaces = new Namespaces(kept, kinds);
    namespaces.begin();
    var seen = ShownKinds.over(kept, parts.instances(), Clock.systemUTC());
    var streams =
        new PodStreams(seen, parts.instances(), parts.runningPods(), ApiServer::onThreadOfItsOwn);
    new OwnedObjects(parts.store()).sweep();
    var users = Users.open(options.state());
    var routes =
        new ApiRoutes.Targets(
            kinds,
            new ResourceHandler(seen, namespaces),
            new PodRoutes(seen, parts.podLogs(), parts.instances(), streams),
            new SkepRoutes(parts, users),
            parts);
    Authenticator tokens = Authenticator.tokens(credentials.token(), users);
    var overTls = new ApiRoutes(routes, options.version(), tokens);
    var overUnix = new ApiRoutes(routes, options.version(), Authenticator.ANYBODY);
    SSLContext tls = sslContext(credentials);
    WebServer server =
        WebServer.builder()
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .address(options.address())
            .port(options.port())
            .tls(config -> config.sslContext(tls))
            .update(ApiServer::bound)
            .addConnectionSelector(http(streams, tokens))
            .routing(routing(overTls))
            .putSocket(
                UNIX,
                listener ->
                    listener
                        .bindAddress(UnixDomainSocketAddress.of(socket))
                        .update(ApiServer::bound)
                        .addConnectionSelector(http(streams, Authenticator.ANYBODY))
                        .routing(routing(overUnix)))
            .build();
    return start(server, options);
  }

  private static void bound(ListenerConfig.BuilderBase<?, ?> listener) {
    listener.maxConcurrentRequests(2_048).shutdownGracePeriod(Duration.ofMillis(200));
  }

  /** HTTP/1.1, and the ways out of it. */
  private static Http1ConnectionSelector http(PodStreams streams, Authenticator authenticator) {
    return Http1ConnectionSelector.builder()
        .config(Http1Config.create())
        .addUpgrader(new PodUpgrader(PodStreams.SPDY, streams, authenticator))
        .addUpgrader(new PodUpgrader(PodStreams.WEB_SOCKET, streams, authenticator))
        .build();
  }

  private static void onThreadOfItsOwn(Runnable work) {
    Thread.ofVirtual().name("pod-stream").start(work);
  }

  private static HttpRouting.Builder routing(ApiRoutes routes) {
    return HttpRouting.builder().any(routes);
  }

  /** The library logs a port that it cannot have and goes on: ask for it before. */
  private static void checkFree(InetSocketAddress address) {
    try (var probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(address);
    } catch (IOException e) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "API cannot listen on %s: %s (expected: a free port; stop what has it or choose another)"
              .formatted(address, e.getMessage()),
          e);
    }
  }

  private static WebServer start(WebServer server, ApiOptions options) {
    server.start();
    if (!server.isRunning()) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "API cannot listen on %s port %d or its socket in %s: see the lines above in the log"
              .formatted(options.address(), options.port(), options.state()));
    }
    return server;
  }

  private static SSLContext sslContext(Credentials credentials)
      throws GeneralSecurityException, IOException {
    char[] password = new char[0]; // the store never leaves memory
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(null, password);
    store.setKeyEntry(
        "api", credentials.key(), password, new Certificate[] {credentials.certificate()});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    // Clients show a token and no certificate; null would read the JDK's 150 authorities.
    context.init(keys.getKeyManagers(), new TrustManager[0], null);
    return context;
  }

  /** Where it listens with TLS. */
  public int port() {
    return server.port();
  }

  public Path socket() {
    return socket;
  }

  public Path kubeconfig() {
    return kubeconfig;
  }

  /** Ends all requests, watches included. */
  @Override
  public void close() {
    server.stop();
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "%s cannot be removed: %s".formatted(socket, e), e);
    }
  }
}
