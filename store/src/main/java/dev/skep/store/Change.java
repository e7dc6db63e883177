package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.Optional;

/**
 * One write, as the journal keeps it.
 *
 * @param version global, without gaps
 * @param json the object after it, or the last one of a deleted object; bytes, because a tree takes
 *     ten times their memory
 */
@SuppressWarnings("ArrayRecordComponent") // never changed, never compared
record Change(long version, ResourceStore.Event.Type type, ObjectKey key, byte[] json) {
  ResourceStore.Event event() {
    return new ResourceStore.Event(type, object());
  }

  ApiObject object() {
    return new ApiObject(ApiJson.parse(json));
  }

  boolean isOf(ResourceKind kind, Optional<String> namespace) {
    return key.resource().equals(kind.resource())
        && (namespace.isEmpty() || namespace.get().equals(key.namespace()));
  }
}
