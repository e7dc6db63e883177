package dev.skep.apiserver;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/** Finds out who calls. */
interface Authenticator {
  /** For the unix socket: who can open it may do everything. */
  Authenticator ANYBODY = _ -> User.ADMIN;

  /**
   * Fails with 401.
   *
   * @param authorization the header of that name
   */
  User authenticate(Optional<String> authorization);

  /** Asks for a bearer token: the administrator's or a user's; never repeats what it got. */
  static Authenticator tokens(String administrator, Users users) {
    byte[] expected = administrator.getBytes(StandardCharsets.UTF_8);
    return authorization -> {
      String header = authorization.orElse("");
      String token = header.startsWith("Bearer ") ? header.substring(7).strip() : "";
      if (MessageDigest.isEqual(expected, token.getBytes(StandardCharsets.UTF_8))) {
        return User.ADMIN;
      }
      return users
          .withToken(token)
          .orElseThrow(
              () ->
                  new ApiFailure(
                      401,
                      "Unauthorized",
                      "Unauthorized (expected: the bearer token of the generated kubeconfig, or of a user that 'skep user add' has made)"));
    };
  }
}
