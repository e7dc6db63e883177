package dev.skep.gateway;

import dev.skep.api.SkepException;
import dev.skep.control.ServerCertificate;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.Mapping;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a TLS connection proves its name with, by the name that its client asks for (SNI). An
 * immutable snapshot that is replaced as a whole; connections keep what they began with. Safe for
 * use by any thread.
 */
final class Certificates implements Mapping<String, SslContext> {
  private static final ApplicationProtocolConfig PROTOCOLS =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.NO_ADVERTISE,
          SelectedListenerFailureBehavior.ACCEPT,
          ApplicationProtocolNames.HTTP_2,
          ApplicationProtocolNames.HTTP_1_1);

  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);

  private record Entry(ServerCertificate certificate, SslContext context) {}

  private final SslContext fallback;
  private volatile Map<String, Entry> entries = Map.of();

  /**
   * @param fallback for clients that ask for no name or for one that has no certificate
   */
  Certificates(ServerCertificate fallback) {
    this.fallback = contextOf(fallback);
  }

  /** Those that are the same as before stay, with the sessions that clients may resume. */
  void replace(Map<String, ServerCertificate> wanted) {
    Map<String, Entry> before = entries;
    var next = new HashMap<String, Entry>();
    wanted.forEach(
        (host, certificate) -> {
          Entry known = before.get(host);
          boolean same = known != null && known.certificate().equals(certificate);
          next.put(host, same ? known : entry(host, certificate));
        });
    entries = Map.copyOf(next);
  }

  /** One that cannot be used must not hold up the others. */
  private Entry entry(String host, ServerCertificate certificate) {
    try {
      return new Entry(certificate, contextOf(certificate));
    } catch (SkepException e) {
      LOG.error("{} has the certificate of all others: {}", host, e.getMessage());
      return new Entry(certificate, fallback);
    }
  }

  /**
   * @param host lower case; null where the client asks for none
   */
  @Override
  public SslContext map(@Nullable String host) {
    Entry found = host == null ? null : entries.get(host);
    return found == null ? fallback : found.context();
  }

  private static SslContext contextOf(ServerCertificate certificate) {
    try {
      return SslContextBuilder.forServer(certificate.key(), certificate.chain())
          .sslProvider(SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
          .applicationProtocolConfig(PROTOCOLS)
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new SkepException(
          SkepException.Code.INTERNAL, "no TLS with " + certificate + ": " + e.getMessage(), e);
    }
  }
}
