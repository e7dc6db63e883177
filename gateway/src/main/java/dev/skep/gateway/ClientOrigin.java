package dev.skep.gateway;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where the requests of one client connection come from. Remembers what the last authority meant,
 * because most connections name one host only. Owned by the connection's event loop.
 */
final class ClientOrigin {
  private final String address;
  private final String node;
  private @Nullable CharSequence lastAuthority;
  private @Nullable String lastHost;
  private String lastForwarded = "";

  ClientOrigin(@Nullable SocketAddress remote) {
    InetAddress ip = remote instanceof InetSocketAddress inet ? inet.getAddress() : null;
    address = ip == null ? "unknown" : ip.getHostAddress();
    node = address.indexOf(':') < 0 ? address : "\"[" + address + "]\"";
  }

  /** Address of the client, as {@code X-Forwarded-For} wants it. */
  String address() {
    return address;
  }

  /** Lower-case host name without port, or null when the authority is not one. */
  @Nullable String host(CharSequence authority) {
    remember(authority);
    return lastHost;
  }

  /** This hop as an element of {@code Forwarded} (RFC 7239). */
  String forwarded(CharSequence authority) {
    remember(authority);
    return lastForwarded;
  }

  private void remember(CharSequence authority) {
    if (lastAuthority != null && lastAuthority.toString().contentEquals(authority)) {
      return;
    }
    lastAuthority = authority.toString();
    lastHost = Authority.host(authority);
    lastForwarded = "for=" + node + ";host=\"" + authority + "\";proto=http";
  }
}
