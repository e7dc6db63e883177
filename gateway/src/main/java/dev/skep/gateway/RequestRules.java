package dev.skep.gateway;

import static dev.skep.gateway.HopByHop.add;
import static dev.skep.gateway.HopByHop.is;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/**
 * What is removed from a request and added to it on its way to an instance: fields of the
 * connection and those that only Knative's own parts may set go, {@code Forwarded}, {@code
 * X-Forwarded-*} and {@code X-Request-Id} come. One pass over the fields; for one request.
 */
final class RequestRules {
  static final AsciiString X_REQUEST_ID = AsciiString.cached("x-request-id");
  private static final AsciiString X_FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
  private static final AsciiString X_FORWARDED_HOST = AsciiString.cached("x-forwarded-host");
  private static final AsciiString X_FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
  private static final AsciiString FORWARDED = AsciiString.cached("forwarded");

  private @Nullable CharSequence forwarded;
  private @Nullable CharSequence forwardedFor;
  private @Nullable CharSequence forwardedHost;
  private @Nullable CharSequence forwardedProto;
  private @Nullable CharSequence requestId;
  private @Nullable CharSequence upgrade;
  private @Nullable List<CharSequence> doomed;
  private boolean wantsUpgrade;

  private RequestRules() {}

  /** Changes the fields of the head; the head that comes back tells what to upgrade to. */
  static RequestHead apply(RequestHead head, ClientOrigin origin) {
    RequestRules rules = new RequestRules();
    Fields fields = head.fields();
    for (var all = fields.entries(); all.hasNext(); ) {
      rules.look(all.next());
    }
    HopByHop.remove(fields, rules.doomed);
    rules.addTo(fields, head.authority(), origin);
    boolean switches = rules.wantsUpgrade && rules.upgrade != null && !rules.isH2c();
    return switches ? head.withUpgrade(rules.upgrade) : head;
  }

  private void look(Entry<CharSequence, CharSequence> field) {
    CharSequence name = field.getKey();
    if (name.isEmpty()) {
      return;
    }
    switch (name.charAt(0) | 0x20) {
      case 'c', 'h', 'p', 'u' -> lookAtConnection(name, field.getValue());
      case 'k' -> {
        if (isKnative(name) || HopByHop.endsHere(name)) {
          doomed = add(doomed, name);
        }
      }
      case 't' -> lookAtTransfer(name, field.getValue());
      case 'f', 'x' -> lookAtForwarding(name, field.getValue());
      default -> {}
    }
  }

  private void lookAtConnection(CharSequence name, CharSequence value) {
    if (!HopByHop.endsHere(name)) {
      return;
    }
    doomed = add(doomed, name);
    if (is(HttpHeaderNames.CONNECTION, name)) {
      wantsUpgrade |= AsciiString.containsIgnoreCase(value, HttpHeaderValues.UPGRADE);
      doomed = HopByHop.addOptions(doomed, value);
    } else if (is(HttpHeaderNames.UPGRADE, name)) {
      upgrade = value;
    }
  }

  private void lookAtTransfer(CharSequence name, CharSequence value) {
    boolean te = name.length() == 2 && is(HttpHeaderNames.TE, name);
    if (te && !AsciiString.contentEqualsIgnoreCase(HttpHeaderValues.TRAILERS, value)) {
      doomed = add(doomed, name);
    } else if (HopByHop.endsHere(name)) {
      doomed = add(doomed, name);
    }
  }

  private void lookAtForwarding(CharSequence name, CharSequence value) {
    switch (name.length()) {
      case 9 -> forwarded = is(FORWARDED, name) ? append(forwarded, value) : forwarded;
      case 12 -> requestId = is(X_REQUEST_ID, name) ? value : requestId;
      case 15 ->
          forwardedFor = is(X_FORWARDED_FOR, name) ? append(forwardedFor, value) : forwardedFor;
      case 16 -> forwardedHost = is(X_FORWARDED_HOST, name) ? value : forwardedHost;
      case 17 -> forwardedProto = is(X_FORWARDED_PROTO, name) ? value : forwardedProto;
      default -> {}
    }
  }

  private void addTo(Fields fields, CharSequence authority, ClientOrigin origin) {
    fields.set(X_FORWARDED_FOR, append(forwardedFor, origin.address()));
    fields.set(FORWARDED, append(forwarded, origin.forwarded(authority)));
    if (forwardedHost == null) {
      fields.set(X_FORWARDED_HOST, authority);
    }
    if (forwardedProto == null) {
      fields.set(X_FORWARDED_PROTO, origin.scheme());
    }
    if (requestId == null || !RequestId.isSane(requestId)) {
      fields.set(X_REQUEST_ID, RequestId.next());
    }
  }

  private boolean isH2c() {
    return upgrade != null && AsciiString.containsIgnoreCase(upgrade, "h2c");
  }

  private static boolean isKnative(CharSequence name) {
    return (name.length() > 2 && name.charAt(1) == '-')
        || AsciiString.regionMatches(name, true, 0, "knative-serving-", 0, 16);
  }

  private static CharSequence append(@Nullable CharSequence list, CharSequence element) {
    return list == null || list.isEmpty() ? element : list + ", " + element;
  }
}
