package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.sandbox.NetworkPolicy;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The networks of all guests of one daemon, and what that needs of the host: a table of rules, and
 * forwarding on the links by which the host reaches the world. Forwarding that was off is switched
 * on for those links alone, never for the whole host, and off again when the last guest of the last
 * daemon is gone.
 */
public final class GuestNetworks {
  /**
   * What has to be known after a restart.
   *
   * @param tag part of the name of every host object, for those who look for them from outside
   * @param second of the address plan
   */
  record Saved(String tag, int second) {}

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path state;
  private final AddressPlan plan;
  private final HostFirewall firewall;
  private final NetworkPool pool;
  private final HostForwarding forwarding;
  private final boolean dns;

  private GuestNetworks(
      Path state,
      AddressPlan plan,
      HostFirewall firewall,
      NetworkPool pool,
      HostForwarding forwarding,
      boolean dns) {
    this.state = state;
    this.plan = plan;
    this.firewall = firewall;
    this.pool = pool;
    this.forwarding = forwarding;
    this.dns = dns;
  }

  /** The plan of the daemon with this state folder; the same after each restart. */
  public static AddressPlan plan(Path state) {
    String tag = tag(state);
    return saved(state)
        .map(before -> new AddressPlan(tag, before.second()))
        .orElseGet(() -> AddressPlan.choose(tag, HostNetwork.routes()));
  }

  /**
   * Sets the host up, removes what no sandbox in {@code used} has, and begins to make networks.
   *
   * @param used slots and policies of the sandboxes that run
   */
  static GuestNetworks open(HostConfig config, Map<Integer, NetworkPolicy> used) {
    AddressPlan plan = plan(config.state());
    String routes = HostNetwork.routes();
    var firewall =
        new HostFirewall(
            plan,
            config.gateway(),
            config.dns(),
            config.services(),
            HostNetwork.knownNetworks(routes, plan.linkPrefix()));
    save(config.state(), new Saved(plan.tag(), plan.second()));
    var forwarding = HostForwarding.ofHost(plan.tag());
    forwarding.need(HostNetwork.links(routes));
    reclaim(plan, used.keySet());
    firewall.install(published(config.state()));
    used.forEach((slot, policy) -> firewall.open(plan.network(slot, Network.Kind.MACHINE), policy));
    var pool = new NetworkPool(plan, firewall, new NamespaceScript(), config.readyNetworks());
    pool.start(used.keySet());
    return new GuestNetworks(
        config.state(), plan, firewall, pool, forwarding, config.dns().isPresent());
  }

  /**
   * @throws dev.skep.api.SkepException with EXHAUSTED if there is none within {@code timeout}
   */
  public Network acquire(Network.Kind kind, NetworkPolicy policy, Duration timeout) {
    return pool.acquire(kind, policy, timeout);
  }

  /** Whoever was inside has ended before. */
  public void release(Network network, NetworkPolicy policy) {
    pool.release(network, policy);
  }

  /** Networks of this kind are made ahead from now on. */
  public void expect(Network.Kind kind) {
    pool.expect(kind);
  }

  /** That of a sandbox which an earlier daemon has made. */
  public Network network(int slot, Network.Kind kind) {
    return plan.network(slot, kind);
  }

  /** Replaces what leads to pods, all at once. Connections that there are stay where they are. */
  public void publish(ServiceTable table) {
    String changes = firewall.changes(table);
    firewall.publish(changes);
    write(services(state), changes.getBytes(StandardCharsets.UTF_8));
  }

  /** For the resolv.conf of whoever is inside. */
  public List<String> nameservers(Network network) {
    return dns ? List.of(network.gatewayAddress()) : List.of();
  }

  /**
   * Removes unused networks.
   *
   * @param last whether no guest runs any more, so that the host becomes what it was
   */
  void close(boolean last) {
    pool.close();
    if (last) {
      services(state).toFile().delete();
      firewall.remove();
      forwarding.release();
    }
  }

  /** Removes namespaces and links that bear our tag and belong to no sandbox. */
  private static void reclaim(AddressPlan plan, Set<Integer> used) {
    List<Network> lost =
        Stream.concat(
                names(Path.of("/run/netns"), plan.namespacePrefix()),
                names(Path.of("/sys/class/net"), plan.linkPrefix()))
            .distinct()
            .filter(slot -> !used.contains(slot))
            .map(slot -> plan.network(slot, Network.Kind.MACHINE))
            .toList();
    new NamespaceScript().delete(lost);
  }

  private static Stream<Integer> names(Path folder, String prefix) {
    String[] names = folder.toFile().list();
    return Stream.of(names == null ? new String[0] : names)
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .filter(slot -> slot.matches("\\d{1,5}"))
        .map(Integer::valueOf);
  }

  private static Optional<Saved> saved(Path state) {
    try {
      return Optional.of(JSON.readValue(Files.readAllBytes(file(state)), Saved.class));
    } catch (IOException | JacksonException e) {
      return Optional.empty();
    }
  }

  private static void save(Path state, Saved saved) {
    write(file(state), JSON.writeValueAsBytes(saved));
  }

  private static void write(Path file, byte[] content) {
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(temporary, content);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, file + ": cannot be written: " + e, e);
    }
  }

  /** What services led to when an earlier daemon ended; nothing where none has. */
  private static String published(Path state) {
    try {
      return Files.readString(services(state));
    } catch (IOException e) {
      return "";
    }
  }

  private static Path services(Path state) {
    return state.resolve("services.nft");
  }

  private static Path file(Path state) {
    return state.resolve("network.json");
  }

  /** Four characters that tell this daemon's host objects from those of others. */
  static String tag(Path state) {
    try {
      byte[] name = state.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(name);
      return new BigInteger(1, digest).toString(36).substring(0, 4);
    } catch (IOException e) {
      throw new SkepException(Code.NOT_FOUND, "state folder " + state + ": " + e, e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
