package dev.skep.image;

import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;

/** Where a registry is, and whether it may be asked without TLS. */
record RegistryHost(String name) {
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9A-Fa-f:.]+]");

  /** What is asked at {@code docker.io} is answered elsewhere. */
  private String address() {
    return name.equals("docker.io") ? "registry-1.docker.io" : name;
  }

  URI base(String scheme) {
    return URI.create(scheme + "://" + address());
  }

  /** The schemes to try, in order. */
  List<String> schemes(List<String> plainHttpAllowed) {
    if (isLoopback()) {
      return List.of("http", "https");
    }
    return mayBePlain(plainHttpAllowed) ? List.of("https", "http") : List.of("https");
  }

  boolean mayBePlain(List<String> allowed) {
    return isLoopback() || isPrivate() || allowed.contains(name) || allowed.contains(host());
  }

  private boolean isLoopback() {
    return host().equals("localhost") || isLiteral(InetAddress::isLoopbackAddress);
  }

  private boolean isPrivate() {
    return isLiteral(InetAddress::isSiteLocalAddress);
  }

  /** Names are not looked up: what they point to may change between the question and the use. */
  private boolean isLiteral(java.util.function.Predicate<InetAddress> kind) {
    if (!ADDRESS.matcher(host()).matches()) {
      return false;
    }
    try {
      return kind.test(InetAddress.ofLiteral(host()));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private String host() {
    int colon = name.lastIndexOf(':');
    return colon > name.lastIndexOf(']') ? name.substring(0, colon) : name;
  }
}
