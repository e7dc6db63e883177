package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and addresses of the sandboxes of one daemon: a /16 of 10.64.0.0/10, of which each slot has
 * a /30. Two daemons on one host differ in {@code tag} and prefix.
 *
 * @param tag four characters, part of every name
 * @param second second byte of the prefix
 */
public record AddressPlan(String tag, int second) {
  /** Slots 0 to this, exclusive. */
  static final int SLOTS = 1 << 14;

  private static final int FIRST = 64;
  private static final int CHOICES = 64;

  /**
   * Takes the first prefix that no route of the host overlaps, beginning at one that depends on the
   * tag.
   *
   * @param routes text of {@code /proc/net/route}
   */
  static AddressPlan choose(String tag, String routes) {
    List<Route> taken = Route.parse(routes);
    for (int i = 0; i < CHOICES; i++) {
      int second = FIRST + Math.floorMod(tag.hashCode() + i, CHOICES);
      var prefix = new Cidr(10L << 24 | (long) second << 16, 16);
      if (taken.stream().noneMatch(route -> !route.isDefault() && route.cidr().overlaps(prefix))) {
        return new AddressPlan(tag, second);
      }
    }
    throw new SkepException(
        Code.EXHAUSTED, "guest network: routes of this host overlap every /16 of 10.64.0.0/10");
  }

  public String prefix() {
    return "10." + second + ".0.0/16";
  }

  /** Common beginning of all namespace names. */
  public String namespacePrefix() {
    return "skep-" + tag + "-";
  }

  /** Common beginning of all link names on the host. */
  public String linkPrefix() {
    return "sk" + tag + "-";
  }

  /** Whether a link of this name belongs to a guest of some daemon. */
  static boolean isGuestLink(String name) {
    return name.matches("sk[a-z0-9]{4}-\\d+");
  }

  /** Name of the host's nft table. */
  public String table() {
    return "skep_" + tag;
  }

  Network network(int slot, Network.Kind kind) {
    int low = slot << 2;
    String net = "10." + second + "." + (low >> 8) + ".";
    return new Network(
        slot,
        kind,
        namespacePrefix() + slot,
        linkPrefix() + slot,
        net + ((low & 0xff) + 1),
        net + ((low & 0xff) + 2));
  }

  /** A destination of the main routing table, as {@code /proc/net/route} writes it. */
  record Route(String device, Cidr cidr) {
    static List<Route> parse(String table) {
      var routes = new ArrayList<Route>();
      for (String line : table.split("\n", -1)) {
        String[] fields = line.trim().split("\\s+", -1);
        if (fields.length > 7 && fields[1].matches("[0-9A-Fa-f]{8}")) {
          int length = Long.bitCount(number(fields[7]));
          routes.add(new Route(fields[0], new Cidr(number(fields[1]), length)));
        }
      }
      return routes;
    }

    boolean isDefault() {
      return cidr.length() == 0;
    }

    private static long number(String littleEndianHex) {
      return Integer.toUnsignedLong(
          Integer.reverseBytes(Integer.parseUnsignedInt(littleEndianHex, 16)));
    }
  }
}
