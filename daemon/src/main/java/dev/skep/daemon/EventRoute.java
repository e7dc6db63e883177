package dev.skep.daemon;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import dev.skep.control.RevisionTraffic;
import dev.skep.eventing.Eventing;
import dev.skep.eventing.Names;
import dev.skep.gateway.Gateway;
import dev.skep.workload.Workloads;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The hosts of brokers and channels at the gateway. Used by one thread at a time. */
final class EventRoute implements Consumer<Set<String>> {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int MOST_WAITING = 10_000;
  private static final RevisionTraffic TRAFFIC =
      new RevisionTraffic(
          new RevisionKey("knative-eventing", "ingress"),
          Protocol.HTTP1,
          Eventing.REQUESTS_AT_ONCE,
          TIMEOUT,
          Duration.ZERO,
          Duration.ZERO,
          MOST_WAITING);

  private final Gateway gateway;
  private @Nullable InetSocketAddress server;

  EventRoute(Gateway gateway) {
    this.gateway = gateway;
  }

  void leadTo(InetSocketAddress address) {
    server = address;
  }

  @Override
  public void accept(Set<String> hosts) {
    if (server != null) {
      gateway.own(hosts, TRAFFIC, server);
    }
  }

  /** Where deliveries find hosts. */
  static Names names(Gateway gateway, Workloads workloads) {
    return new Names() {
      @Override
      public boolean isRouted(String host) {
        return gateway.leads(host);
      }

      @Override
      public List<Inet4Address> service(String host) {
        return workloads.names().getOrDefault(host, List.of());
      }
    };
  }
}
