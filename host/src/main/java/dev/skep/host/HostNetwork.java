package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the host's own network looks like: routes, resolver, forwarding. */
public final class HostNetwork {
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");
  private static final int DNS_PORT = 53;
  private static final Path CONF = Path.of("/proc/sys/net/ipv4/conf");

  private HostNetwork() {}

  public static String routes() {
    return read(Path.of("/proc/net/route"));
  }

  /** CIDRs to which the host has routes of its own, those of guests left out. */
  static List<String> knownNetworks(String routes, String ownLinkPrefix) {
    return AddressPlan.Route.parse(routes).stream()
        .filter(route -> !route.isDefault() && !route.device().startsWith(ownLinkPrefix))
        .map(route -> route.cidr().toString())
        .distinct()
        .toList();
  }

  /** Links by which the host reaches others; those of guests, of any daemon, left out. */
  public static List<String> links(String routes) {
    return AddressPlan.Route.parse(routes).stream()
        .map(AddressPlan.Route::device)
        .filter(device -> !AddressPlan.isGuestLink(device))
        .distinct()
        .toList();
  }

  /** The host's own name servers as they are now, IPv4 ones only. */
  public static List<InetSocketAddress> resolvers() {
    return Files.exists(RESOLV_CONF) ? resolvers(read(RESOLV_CONF)) : List.of();
  }

  static List<InetSocketAddress> resolvers(String resolvConf) {
    return resolvConf
        .lines()
        .map(line -> line.trim().split("\\s+", -1))
        .filter(words -> words.length > 1 && words[0].equals("nameserver"))
        .map(words -> words[1])
        .filter(address -> address.matches("\\d+\\.\\d+\\.\\d+\\.\\d+"))
        .map(address -> new InetSocketAddress(address, DNS_PORT))
        .toList();
  }

  static boolean exists(String link) {
    return Files.exists(CONF.resolve(link));
  }

  public static boolean forwards(String link) {
    return read(CONF.resolve(link).resolve("forwarding")).strip().equals("1");
  }

  static void setForwarding(String link, boolean on) {
    Path file = CONF.resolve(link).resolve("forwarding");
    try {
      Files.writeString(file, on ? "1" : "0");
    } catch (IOException e) {
      throw new SkepException(
          Code.UNSUPPORTED, file + ": cannot be written: " + e.getMessage() + " (run as root)", e);
    }
  }

  /** A file of the kernel's. */
  public static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new SkepException(Code.UNSUPPORTED, file + ": " + e.getMessage(), e);
    }
  }
}
