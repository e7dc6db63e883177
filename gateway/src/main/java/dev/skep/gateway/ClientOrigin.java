package dev.skep.gateway;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpScheme;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where the requests of one client connection come from. Remembers what the last authority meant,
 * because most connections name one host only. Owned by the connection's event loop.
 */
final class ClientOrigin {
  private final String address;
  private final String node;
  private final HttpScheme scheme;
  private @Nullable CharSequence lastAuthority;
  private @Nullable String lastHost;
  private String lastForwarded = "";

  /** Of a connection whose handshake, if it has one, is done. */
  ClientOrigin(Channel channel) {
    scheme = channel.pipeline().get(SslHandler.class) == null ? HttpScheme.HTTP : HttpScheme.HTTPS;
    InetAddress ip =
        channel.remoteAddress() instanceof InetSocketAddress inet ? inet.getAddress() : null;
    address = ip == null ? "unknown" : ip.getHostAddress();
    node = address.indexOf(':') < 0 ? address : "\"[" + address + "]\"";
  }

  /** Address of the client, as {@code X-Forwarded-For} wants it. */
  String address() {
    return address;
  }

  boolean isTls() {
    return scheme.equals(HttpScheme.HTTPS);
  }

  /** What the client speaks, as {@code X-Forwarded-Proto} wants it. */
  CharSequence scheme() {
    return scheme.name();
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
    lastForwarded = "for=" + node + ";host=\"" + authority + "\";proto=" + scheme.name();
  }
}
