package dev.skep.store;

/** Where one object is kept. */
record ObjectKey(String resource, String namespace, String name) implements Comparable<ObjectKey> {
  static ObjectKey of(ResourceKind kind, String namespace, String name) {
    return new ObjectKey(kind.resource(), namespace, name);
  }

  @Override
  public int compareTo(ObjectKey other) {
    int order = resource.compareTo(other.resource);
    order = order == 0 ? namespace.compareTo(other.namespace) : order;
    return order == 0 ? name.compareTo(other.name) : order;
  }
}
