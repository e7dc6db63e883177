package dev.skep.store;

import java.util.Optional;

/**
 * One write, as the journal keeps it.
 *
 * @param version global, without gaps
 * @param json the object after it, or the last one of a deleted object; bytes, because a tree takes
 *     ten times their memory
 * @param statusOnly whether it is known that nothing but the status is another
 */
@SuppressWarnings("ArrayRecordComponent") // never changed, never compared
record Change(
    long version, ResourceStore.Event.Type type, ObjectKey key, byte[] json, boolean statusOnly) {
  ResourceStore.Event event() {
    return new ResourceStore.Event(type, json, statusOnly);
  }

  boolean isOf(ResourceKind kind, Optional<String> namespace) {
    return key.resource().equals(kind.resource())
        && (namespace.isEmpty() || namespace.get().equals(key.namespace()));
  }
}
