package dev.skep.gateway;

import dev.skep.control.RouteTable;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code Knative-Serving-Tag}: a request to a route's own host names one of its tags. As with
 * Knative's ingresses the function sees the tag, also where the host named it, and {@code
 * Knative-Serving-Default-Route} where none was followed.
 */
final class TagHeader {
  private static final AsciiString TAG = AsciiString.cached("knative-serving-tag");
  private static final AsciiString DEFAULT = AsciiString.cached("knative-serving-default-route");

  private TagHeader() {}

  /** What a request says, where that counts. */
  static @Nullable CharSequence of(RouteTable.Route route, Fields fields) {
    return switch (route.byTag()) {
      case RouteTable.Off _, RouteTable.Given _ -> null;
      case RouteTable.Chosen _ -> fields.get(TAG);
    };
  }

  /** The targets of the tag, or of the route where it has no such tag. */
  static List<RouteTable.Target> targets(RouteTable.Route route, @Nullable CharSequence tag) {
    List<RouteTable.Target> tagged = tagged(route, tag);
    return tagged == null ? route.targets() : tagged;
  }

  private static @Nullable List<RouteTable.Target> tagged(
      RouteTable.Route route, @Nullable CharSequence tag) {
    return tag != null && route.byTag() instanceof RouteTable.Chosen(var tags)
        ? tags.get(tag.toString())
        : null;
  }

  /** Tells the function. */
  static void tell(RouteTable.Route route, @Nullable CharSequence tag, Fields fields) {
    switch (route.byTag()) {
      case RouteTable.Off _ -> {}
      case RouteTable.Given(String given) -> fields.set(TAG, given);
      case RouteTable.Chosen _ -> {
        if (tag != null) {
          fields.set(TAG, tag);
        }
        if (tagged(route, tag) == null) {
          fields.set(DEFAULT, "true");
        }
      }
    }
  }
}
