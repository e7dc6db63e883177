package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the snapshots are. Credentials are no part of it: each process finds them by the usual
 * chain of the AWS SDK (environment, profile, container, instance).
 *
 * @param prefix of all keys, with a slash at its end unless it is empty
 * @param endpoint of a server that is not AWS, which is then addressed by path; empty for AWS
 * @param region empty for the one of the chain, or {@code us-east-1} at an endpoint
 */
public record Location(String bucket, String prefix, String endpoint, String region) {
  private static final Pattern URL =
      Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9!_.*'()/-]*))?");

  /**
   * Reads {@code s3://BUCKET/PREFIX}.
   *
   * @throws SkepException INVALID, with found and expected
   */
  public static Location of(String url, String endpoint, String region) {
    Matcher parts = URL.matcher(url);
    if (!parts.matches()) {
      throw new SkepException(
          Code.INVALID, "'%s' (expected: s3://BUCKET or s3://BUCKET/PREFIX)".formatted(url));
    }
    if (!endpoint.isEmpty() && !endpoint.matches("https?://[^/@\\s]+/?")) {
      throw new SkepException(
          Code.INVALID,
          "endpoint '%s' (expected: http:// or https://, a host and perhaps a port)"
              .formatted(endpoint.replaceAll("//.*@", "//...@")));
    }
    String prefix = parts.group(2) == null ? "" : parts.group(2).replaceAll("^/+|/+$", "");
    return new Location(parts.group(1), prefix.isEmpty() ? "" : prefix + "/", endpoint, region);
  }

  URI endpointUri() {
    return URI.create(endpoint);
  }

  @Override
  public String toString() {
    return "s3://" + bucket + "/" + prefix + (endpoint.isEmpty() ? "" : " at " + endpoint);
  }
}
