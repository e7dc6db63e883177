package dev.skep.image;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A name of an image in its long form, as {@code docker} completes it: {@code hello} is {@code
 * docker.io/library/hello:latest}.
 *
 * @param registry host and optional port
 * @param repository path in the registry
 * @param tag absent when only a digest is given
 * @param digest {@code sha256:...} when the reference is pinned
 */
public record ImageReference(
    String registry, String repository, Optional<String> tag, Optional<String> digest) {
  private static final String DOCKER = "docker.io";
  private static final int MAX_LENGTH = 512;
  private static final Pattern REGISTRY =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+])(?::\\d{1,5})?");
  private static final String PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  private static final Pattern REPOSITORY = Pattern.compile(PART + "(?:/" + PART + ")*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  /**
   * Reads a short or long name.
   *
   * @throws dev.skep.api.SkepException INVALID, naming the part that is wrong
   */
  public static ImageReference parse(String text) {
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      throw bad(text, "expected 1 to " + MAX_LENGTH + " characters");
    }
    String rest = text;
    Optional<String> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(checked(text, rest.substring(at + 1), Digest::isValid, "digest"));
      rest = rest.substring(0, at);
    }
    Optional<String> tag = Optional.empty();
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      String given = rest.substring(colon + 1);
      tag = Optional.of(checked(text, given, TAG.asMatchPredicate(), "tag"));
      rest = rest.substring(0, colon);
    }
    int slash = rest.indexOf('/');
    String first = slash < 0 ? "" : rest.substring(0, slash);
    boolean hasRegistry = first.contains(".") || first.contains(":") || first.equals("localhost");
    String registry = hasRegistry ? first : DOCKER;
    String repository = hasRegistry ? rest.substring(slash + 1) : rest;
    if (registry.equals("index." + DOCKER)) {
      registry = DOCKER;
    }
    if (registry.equals(DOCKER) && !repository.contains("/")) {
      repository = "library/" + repository;
    }
    checked(text, registry, REGISTRY.asMatchPredicate(), "registry");
    checked(text, repository, REPOSITORY.asMatchPredicate(), "repository");
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
    return new ImageReference(registry, repository, tag, digest);
  }

  private static String checked(
      String text, String part, java.util.function.Predicate<String> form, String what) {
    if (!form.test(part)) {
      throw bad(text, what + " " + Printable.of(part) + " is malformed");
    }
    return part;
  }

  private static RuntimeException bad(String text, String why) {
    return Invalid.image(
        "image reference "
            + Printable.of(text)
            + ": "
            + why
            + "; expected [REGISTRY/]NAME[:TAG][@sha256:DIGEST], in lower case");
  }

  /** The same repository, pinned to a digest. */
  ImageReference pinned(String digestText) {
    return new ImageReference(registry, repository, Optional.empty(), Optional.of(digestText));
  }

  /** What to ask the registry for: the digest if there is one, else the tag. */
  String target() {
    return digest.or(() -> tag).orElse("latest");
  }

  /** The long form. */
  @Override
  public String toString() {
    return registry
        + "/"
        + repository
        + tag.map(t -> ":" + t).orElse("")
        + digest.map(d -> "@" + d).orElse("");
  }
}
