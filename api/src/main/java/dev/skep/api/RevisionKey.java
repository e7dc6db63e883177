package dev.skep.api;

/** Names one revision: the immutable version of a function that instances run. */
public record RevisionKey(String namespace, String name) {
  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
