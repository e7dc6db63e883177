package dev.skep.apiserver;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The ways of changing a part of an object. */
enum PatchType {
  /** RFC 6902. */
  JSON("application/json-patch+json"),
  /** RFC 7386. */
  MERGE("application/merge-patch+json"),
  /** Merge by the keys of lists; not for custom resources. */
  STRATEGIC("application/strategic-merge-patch+json"),
  /** Server-side apply. */
  APPLY("application/apply-patch+yaml");

  private final String mediaType;

  PatchType(String mediaType) {
    this.mediaType = mediaType;
  }

  String mediaType() {
    return mediaType;
  }

  private boolean isFor(ServedKind served) {
    return this != STRATEGIC || !served.isKnative();
  }

  /** Fails with 415 where the body is in none of the formats that are for that kind. */
  static PatchType of(ServedKind served, Exchange exchange) {
    Optional<PatchType> type =
        Arrays.stream(values())
            .filter(one -> one.mediaType.equals(exchange.contentType()) && one.isFor(served))
            .findFirst();
    return type.orElseThrow(
        () ->
            exchange.unknownFormat(
                Arrays.stream(values())
                    .filter(one -> one.isFor(served))
                    .map(PatchType::mediaType)
                    .collect(Collectors.joining(", "))));
  }
}
