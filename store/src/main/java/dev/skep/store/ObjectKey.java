package dev.skep.store;

import java.util.Comparator;

/** Where one object is kept. */
record ObjectKey(String resource, String namespace, String name) implements Comparable<ObjectKey> {
  private static final Comparator<ObjectKey> ORDER =
      Comparator.comparing(ObjectKey::resource)
          .thenComparing(ObjectKey::namespace)
          .thenComparing(ObjectKey::name);

  static ObjectKey of(ResourceKind kind, String namespace, String name) {
    return new ObjectKey(kind.resource(), namespace, name);
  }

  @Override
  public int compareTo(ObjectKey other) {
    return ORDER.compare(this, other);
  }
}
