package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.sandbox.StartFailure;
import dev.skep.telemetry.RequestIds;
import dev.skep.testkit.ManualClock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A gateway without sockets: requests are parked, handed out and answered as the real one does. */
final class FakeDataPlane implements DataPlane {
  /** A request and what became of it. */
  final class Request {
    final String id;
    final RevisionKey revision;
    final long arrivedNanos;
    Optional<String> instance = Optional.empty();
    Optional<String> answer = Optional.empty();
    private boolean parked;
    private long dispatchedNanos;

    private Request(String id, RevisionKey revision) {
      this.id = id;
      this.revision = revision;
      this.arrivedNanos = clock.nanoTime();
    }

    boolean waits() {
      return answer.isEmpty() && instance.isEmpty();
    }

    /** The instance answers it. */
    void finish() {
      end("200");
      if (parked) {
        listener.served(
            new DataPlaneListener.Served(
                revision,
                RequestIds.of(id),
                instance.orElseThrow(),
                arrivedNanos,
                dispatchedNanos,
                clock.nanoTime(),
                clock.nanoTime()));
      }
      pool(revision).dispatch();
    }

    void end(String with) {
      Pool pool = pool(revision);
      pool.account();
      answer = Optional.of(with);
      instance.ifPresent(name -> pool.inside.merge(name, -1, Integer::sum));
      pool.waiting.remove(this);
      dropFinished(revision);
    }
  }

  private final class Pool {
    final Deque<Request> waiting = new ArrayDeque<>();
    final Map<String, Integer> inside = new HashMap<>();
    final List<Request> running = new ArrayList<>();
    List<Endpoint> endpoints = List.of();
    Optional<RevisionTraffic> traffic = Optional.empty();
    double area;
    long sampledNanos = clock.nanoTime();
    long accountedNanos = clock.nanoTime();
    long arrived;
    boolean forgotten;

    void account() {
      long now = clock.nanoTime();
      area += (double) (load() + waiting.size()) * (now - accountedNanos);
      accountedNanos = now;
    }

    int load() {
      return inside.values().stream().mapToInt(Integer::intValue).sum();
    }

    void dispatch() {
      account();
      int limit = traffic.map(RevisionTraffic::containerConcurrency).orElse(0);
      while (!waiting.isEmpty()) {
        Optional<Endpoint> free =
            endpoints.stream()
                .filter(end -> limit == 0 || inside.getOrDefault(end.instance(), 0) < limit)
                .min(
                    (a, b) ->
                        inside.getOrDefault(a.instance(), 0)
                            - inside.getOrDefault(b.instance(), 0));
        if (free.isEmpty()) {
          return;
        }
        Request request = waiting.removeFirst();
        request.instance = Optional.of(free.get().instance());
        request.dispatchedNanos = clock.nanoTime();
        inside.merge(free.get().instance(), 1, Integer::sum);
        running.add(request);
      }
    }
  }

  private final ManualClock clock;
  final DataPlaneListener listener;
  final List<Request> requests = new ArrayList<>();
  final Map<RevisionKey, List<StartFailure>> refusals = new HashMap<>();
  final List<RevisionKey> forgotten = new ArrayList<>();
  private final Map<RevisionKey, Pool> pools = new HashMap<>();
  RouteTable table = new RouteTable(Map.of());

  FakeDataPlane(ManualClock clock, DataPlaneListener listener) {
    this.clock = clock;
    this.listener = listener;
  }

  private Pool pool(RevisionKey key) {
    return pools.computeIfAbsent(key, _ -> new Pool());
  }

  /** A forgotten revision stays until the last request is out, so that draining can be watched. */
  private void dropFinished(RevisionKey key) {
    Pool pool = pools.get(key);
    if (pool != null && pool.forgotten && pool.load() == 0) {
      pools.remove(key);
    }
  }

  /** A client sends a request to a host name. */
  Request send(String host) {
    RouteTable.Route route = table.hosts().get(host);
    if (route == null) {
      var lost = new Request("r" + requests.size(), new RevisionKey("", host));
      lost.answer = Optional.of("404");
      requests.add(lost);
      return lost;
    }
    var request = new Request("r" + requests.size(), pick(route));
    requests.add(request);
    Pool pool = pool(request.revision);
    pool.account();
    pool.arrived++;
    pool.waiting.addLast(request);
    pool.dispatch();
    if (request.waits()) {
      request.parked = true;
      listener.parked(request.revision, RequestIds.of(request.id), request.arrivedNanos);
    }
    return request;
  }

  /** Of a hundred requests in a row, each target gets exactly its percent. */
  private RevisionKey pick(RouteTable.Route route) {
    int lot = requests.size() * 61 % 100;
    for (RouteTable.Target target : route.targets()) {
      lot -= target.percent();
      if (lot < 0) {
        return target.revision();
      }
    }
    throw new AssertionError("percents of " + route + " (expected: a sum of 100)");
  }

  List<String> endpoints(RevisionKey key) {
    return pool(key).endpoints.stream().map(Endpoint::instance).toList();
  }

  Map<RevisionKey, List<String>> allEndpoints() {
    var all = new HashMap<RevisionKey, List<String>>();
    pools.keySet().forEach(key -> all.put(key, endpoints(key)));
    return all;
  }

  RevisionTraffic traffic(RevisionKey key) {
    return pool(key).traffic.orElseThrow();
  }

  @Override
  public void routes(RouteTable routes) {
    this.table = routes;
  }

  @Override
  public void revision(RevisionTraffic traffic) {
    Pool pool = pool(traffic.key());
    pool.traffic = Optional.of(traffic);
    pool.forgotten = false;
  }

  @Override
  public void forget(RevisionKey revision) {
    forgotten.add(revision);
    Pool pool = pool(revision);
    List.copyOf(pool.waiting).forEach(request -> request.end("404"));
    pool.forgotten = true;
    dropFinished(revision);
  }

  @Override
  public void endpoints(RevisionKey revision, List<Endpoint> ready) {
    Pool pool = pool(revision);
    pool.endpoints = List.copyOf(ready);
    pool.dispatch();
  }

  @Override
  public void ended(RevisionKey revision, String instance) {}

  @Override
  public void refuse(RevisionKey revision, StartFailure failure) {
    refusals.computeIfAbsent(revision, _ -> new ArrayList<>()).add(failure);
    List.copyOf(pool(revision).waiting).forEach(request -> request.end("503 " + failure.message()));
  }

  /** What the real gateway sees of a sandbox that died: its connections break. */
  void breakConnections(String instance) {
    for (Request request : requests) {
      if (request.answer.isEmpty() && request.instance.equals(Optional.of(instance))) {
        request.end("502");
      }
    }
  }

  @Override
  public LoadSample sample(RevisionKey revision) {
    Pool pool = pools.get(revision);
    if (pool == null) {
      return new LoadSample(0, 0, 0, 0);
    }
    pool.account();
    long now = clock.nanoTime();
    double average =
        now == pool.sampledNanos
            ? pool.load() + pool.waiting.size()
            : pool.area / (now - pool.sampledNanos);
    var sample = new LoadSample(pool.load(), pool.waiting.size(), average, pool.arrived);
    pool.area = 0;
    pool.sampledNanos = now;
    pool.arrived = 0;
    return sample;
  }

  @Override
  public int inFlight(RevisionKey revision, String instance) {
    Pool pool = pools.get(revision);
    return pool == null ? 0 : pool.inside.getOrDefault(instance, 0);
  }
}
