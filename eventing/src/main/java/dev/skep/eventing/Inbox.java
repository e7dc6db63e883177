package dev.skep.eventing;

import dev.skep.control.Addresses;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where events come in. */
record Inbox(Kind kind, String namespace, String name) {
  /** The host of all brokers, without the cluster's domain. */
  private static final String BROKERS = "broker-ingress.knative-eventing";

  private static final String SERVICES = ".svc." + Addresses.INSIDE;
  private static final Set<String> BROKER_HOSTS =
      Set.of(BROKERS, BROKERS + ".svc", BROKERS + SERVICES);
  private static final Pattern PATHS = Pattern.compile("/(?<namespace>[^/]+)/(?<name>[^/]+)");
  private static final Pattern CHANNELS =
      Pattern.compile(
          "(?<name>.+)-kn-channel\\.(?<namespace>[^.]+)(\\.svc(\\.%s)?)?"
              .formatted(Pattern.quote(Addresses.INSIDE)));

  enum Kind {
    /** Replies of its subscribers come back to it. */
    BROKER,
    CHANNEL
  }

  URI url() {
    return URI.create(
        switch (kind) {
          case BROKER -> "http://" + BROKERS + SERVICES + "/" + namespace + "/" + name;
          case CHANNEL -> "http://" + host() + SERVICES;
        });
  }

  /** Without the cluster's domain. */
  private String host() {
    return switch (kind) {
      case BROKER -> BROKERS;
      case CHANNEL -> name + "-kn-channel." + namespace;
    };
  }

  /** All hosts under which it is known: in full and as search domains shorten it. */
  List<String> hosts() {
    return List.of(host(), host() + ".svc", host() + SERVICES);
  }

  /**
   * What a request is for, whether that is there or not.
   *
   * @param host lower case, without port
   */
  static Optional<Inbox> named(String host, String path) {
    Matcher channel = CHANNELS.matcher(host);
    if (channel.matches() && (path.isEmpty() || path.equals("/"))) {
      return Optional.of(
          new Inbox(Kind.CHANNEL, channel.group("namespace"), channel.group("name")));
    }
    Matcher broker = PATHS.matcher(path);
    return BROKER_HOSTS.contains(host) && broker.matches()
        ? Optional.of(new Inbox(Kind.BROKER, broker.group("namespace"), broker.group("name")))
        : Optional.empty();
  }
}
