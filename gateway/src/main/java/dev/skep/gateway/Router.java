package dev.skep.gateway;

import dev.skep.api.RevisionKey;
import dev.skep.control.RevisionTraffic;
import dev.skep.control.RouteTable;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Leads host names to revisions. Routes are in tables, which may change while they are read. Safe
 * for use by any thread.
 */
final class Router {
  /** Where a host name leads. */
  sealed interface Resolution permits RevisionPool, NoRoute, NoRevision, Redirect {}

  /** No route has that host name. */
  record NoRoute() implements Resolution {}

  /** The route's target is not known (any more). */
  record NoRevision(RevisionKey key) implements Resolution {}

  /**
   * The host name takes no requests without TLS.
   *
   * @param to a URL without path
   */
  record Redirect(String to) implements Resolution {}

  private static final NoRoute NO_ROUTE = new NoRoute();
  private static final RouteTable.Route NOWHERE = new RouteTable.Route(List.of());

  private final Map<RevisionKey, RevisionPool> pools = new ConcurrentHashMap<>();
  private final List<Loop> loops;
  private final LongSupplier clock;
  private volatile RouteTable table = new RouteTable(Map.of());
  private volatile RouteTable own = new RouteTable(Map.of());

  Router(List<Loop> loops, LongSupplier clock) {
    this.loops = loops;
    this.clock = clock;
  }

  void routes(RouteTable next) {
    table = next;
  }

  /** Routes of the daemon's own servers, which come before those of functions. */
  void own(RouteTable next) {
    own = next;
  }

  /** All host names that lead somewhere now. */
  Set<String> hosts() {
    Set<String> ofFunctions = table.hosts().keySet();
    Set<String> ofOwn = own.hosts().keySet();
    if (ofOwn.isEmpty()) {
      return ofFunctions;
    }
    var all = new HashSet<>(ofFunctions);
    all.addAll(ofOwn);
    return all;
  }

  /** Whether a host name leads somewhere now. */
  boolean leads(String host) {
    return own.hosts().containsKey(host) || table.hosts().containsKey(host);
  }

  /**
   * The route of a host name; one without targets where there is none.
   *
   * @param host lower case, without port
   */
  RouteTable.Route route(String host) {
    RouteTable.Route first = own.hosts().get(host);
    RouteTable.Route route = first != null ? first : table.hosts().get(host);
    return route != null ? route : NOWHERE;
  }

  /**
   * Where a request goes; a split route draws lots.
   *
   * @param tag what its header says
   * @param tls whether the client speaks it
   */
  Resolution resolve(RouteTable.Route route, @Nullable CharSequence tag, boolean tls) {
    if (route.targets().isEmpty()) {
      return NO_ROUTE;
    }
    if (!tls && !route.https().isEmpty()) {
      return new Redirect(route.https());
    }
    RevisionKey key = pick(TagHeader.targets(route, tag));
    RevisionPool pool = pools.get(key);
    return pool != null ? pool : new NoRevision(key);
  }

  /** The pool of a revision; null when it is not known. */
  @Nullable RevisionPool pool(RevisionKey key) {
    return pools.get(key);
  }

  Iterable<RevisionPool> pools() {
    return pools.values();
  }

  void revision(RevisionTraffic traffic) {
    pools.compute(
        traffic.key(),
        (key, pool) -> {
          if (pool == null) {
            return new RevisionPool(traffic, loops, clock);
          }
          pool.traffic(traffic);
          return pool;
        });
  }

  /** The pool stays until the last request is out, so that draining can be watched. */
  void forget(RevisionKey key) {
    RevisionPool pool = pools.get(key);
    if (pool != null) {
      pool.forget();
      dropFinished(pool);
    }
  }

  /** Drops a forgotten pool that nobody is in. */
  void dropFinished(RevisionPool pool) {
    pools.computeIfPresent(pool.key(), (key, now) -> now == pool && pool.finished() ? null : now);
  }

  private static RevisionKey pick(List<RouteTable.Target> targets) {
    if (targets.size() == 1) {
      return targets.getFirst().revision();
    }
    int total = 0;
    for (RouteTable.Target target : targets) {
      total += target.percent();
    }
    int lot = total > 0 ? ThreadLocalRandom.current().nextInt(total) : 0;
    for (RouteTable.Target target : targets) {
      lot -= target.percent();
      if (lot < 0) {
        return target.revision();
      }
    }
    return targets.getLast().revision();
  }
}
