package dev.skep.api;

import java.util.List;

/**
 * What a client should know of an object that it sent.
 *
 * @param unknown {@code unknown field "spec.foo"}; these were removed
 * @param withoutEffect paths of fields that were kept but do nothing in Skep
 */
public record Findings(List<String> unknown, List<String> withoutEffect) {
  public Findings {
    unknown = List.copyOf(unknown);
    withoutEffect = List.copyOf(withoutEffect);
  }
}
