package dev.skep.eventing;

import java.net.Inet4Address;
import java.util.List;

/** Where hosts are, now. Safe for use by any thread. */
public interface Names {
  /**
   * Whether the gateway serves it.
   *
   * @param host lower case, without port
   */
  boolean isRouted(String host);

  /** The addresses of a core Service by its full name; none where it is none, or has no pod. */
  List<Inet4Address> service(String host);
}
