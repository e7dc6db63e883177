package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/**
 * Asks one repository of one registry, with the authorization that it wants (OCI distribution
 * specification, Docker token specification) and after its redirects. Thread-safe.
 */
final class RegistryAccess {
  private static final int MAX_REDIRECTS = 5;
  private static final String AUTHORIZATION = "Authorization";

  private final Transport transport;
  private final ImageSettings settings;
  private final ImageReference reference;
  private final RegistryHost host;
  private final Map<String, String> bases;

  /** The header that worked last. */
  private volatile String authorization = "";

  /**
   * @param bases which base address of each registry works; shared
   */
  RegistryAccess(
      Transport transport,
      ImageSettings settings,
      ImageReference reference,
      Map<String, String> bases) {
    this.transport = transport;
    this.settings = settings;
    this.reference = reference;
    this.host = new RegistryHost(reference.registry());
    this.bases = bases;
  }

  static Map<String, String> noBases() {
    return new ConcurrentHashMap<>();
  }

  /**
   * @param path below the repository, such as {@code manifests/latest}
   */
  Transport.Answer get(String path, Map<String, String> headers, Transport.Body body)
      throws IOException {
    URI uri = URI.create(base() + "/v2/" + reference.repository() + "/" + path);
    String sent = authorization;
    Transport.Answer answer = follow(uri, sent, headers, body);
    if (answer.status() != 401) {
      return answer;
    }
    authorization = authorize(answer);
    return follow(uri, authorization, headers, body);
  }

  private Transport.Answer follow(
      URI start, String sent, Map<String, String> headers, Transport.Body body) throws IOException {
    URI uri = start;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      Map<String, String> all = new HashMap<>(headers);
      // Storage behind a registry has an authorization in its address, and must not see ours.
      if (!sent.isEmpty() && isSameOrigin(uri, start)) {
        all.put(AUTHORIZATION, sent);
      }
      Transport.Answer answer = transport.get(uri, all, body);
      if (answer.status() / 100 != 3 || answer.header("Location").isEmpty()) {
        return answer;
      }
      uri = redirected(uri, answer.header("Location"));
    }
    throw new IOException("more than " + MAX_REDIRECTS + " redirects from " + start);
  }

  private URI redirected(URI from, String location) throws IOException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new IOException("redirected to " + Printable.of(location) + ", not an address", e);
    }
    if (!isAllowed(to)) {
      throw new SkepException(
          Code.FORBIDDEN,
          "%s redirects to %s; expected https".formatted(from, Printable.of(to.toString())));
    }
    return to;
  }

  private boolean isAllowed(URI uri) {
    return "https".equals(uri.getScheme())
        || ("http".equals(uri.getScheme())
            && uri.getAuthority() != null
            && new RegistryHost(uri.getAuthority()).mayBePlain(settings.plainHttpRegistries()));
  }

  private static boolean isSameOrigin(URI a, URI b) {
    return String.valueOf(a.getScheme()).equals(b.getScheme())
        && String.valueOf(a.getAuthority()).equals(b.getAuthority());
  }

  private String authorize(Transport.Answer refused) throws IOException {
    Challenge challenge =
        Challenge.of(refused.headers().allValues("WWW-Authenticate"))
            .orElseThrow(() -> refusal("it asks for an authorization that is not known here"));
    Optional<Credentials> credentials =
        Credentials.in(settings.dockerConfig(), reference.registry());
    if (challenge.scheme().equals("basic")) {
      return credentials.map(Credentials::basic).orElseThrow(() -> refusal("it wants a password"));
    }
    return "Bearer " + token(challenge, credentials);
  }

  private String token(Challenge challenge, Optional<Credentials> credentials) throws IOException {
    String scope = challenge.parameter("scope");
    URI realm = realm(challenge.parameter("realm"));
    String query =
        "service=%s&scope=%s"
            .formatted(
                encoded(challenge.parameter("service")),
                encoded(
                    scope.isEmpty() ? "repository:" + reference.repository() + ":pull" : scope));
    URI uri = URI.create(realm + (realm.getQuery() == null ? "?" : "&") + query);
    DocumentBody body = new DocumentBody();
    Map<String, String> headers = new HashMap<>();
    credentials.ifPresent(c -> headers.put(AUTHORIZATION, c.basic()));
    Transport.Answer answer = transport.get(uri, headers, body);
    if (answer.status() == 401 || answer.status() == 403) {
      throw refusal("its token service at " + realm + " answers " + answer.status());
    }
    if (answer.status() != 200) {
      throw new IOException("the token service at " + realm + " answers " + answer.status());
    }
    JsonNode json = Json.object(body.bytes(), "answer of the token service at " + realm);
    String token = Json.text(json, "token");
    token = token.isEmpty() ? Json.text(json, "access_token") : token;
    if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IOException("the token service at " + realm + " gives no usable token");
    }
    return token;
  }

  private URI realm(String realm) throws IOException {
    try {
      URI uri = URI.create(realm);
      if (isAllowed(uri)) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("token service " + Printable.of(realm) + " is not an address", e);
    }
    throw new SkepException(
        Code.FORBIDDEN,
        "token service " + Printable.of(realm) + " would be asked without TLS; expected https");
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  SkepException refusal(String why) {
    boolean known = Credentials.in(settings.dockerConfig(), reference.registry()).isPresent();
    return new SkepException(
        Code.UNAUTHORIZED,
        "registry %s refuses repository %s: %s; %s"
            .formatted(
                reference.registry(),
                reference.repository(),
                why,
                known
                    ? "the credentials in " + settings.dockerConfig() + " do not help"
                    : "check the name, or put credentials into " + settings.dockerConfig()));
  }

  /** The base address that answers; found once per registry. */
  private String base() throws IOException {
    String known = bases.get(host.name());
    if (known != null) {
      return known;
    }
    List<String> failures = new ArrayList<>();
    for (String scheme : host.schemes(settings.plainHttpRegistries())) {
      URI base = host.base(scheme);
      try {
        int status =
            transport.get(URI.create(base + "/v2/"), Map.of(), new DocumentBody()).status();
        // So do servers that speak TLS answer those who do not.
        if (status != 400 || scheme.equals("https")) {
          bases.put(host.name(), base.toString());
          return base.toString();
        }
        failures.add(base + " answers 400");
      } catch (IOException e) {
        failures.add(base + ": " + e.getMessage());
      }
    }
    throw new IOException(String.join("; ", failures));
  }
}
