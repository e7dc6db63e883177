package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * Versioned objects with watch. Every write gets the next number of one global version; a write
 * returns once it is durable. Reads come from memory. Safe for use by several threads.
 *
 * <p>Failures are {@link dev.skep.api.SkepException}: NOT_FOUND, ALREADY_EXISTS, CONFLICT (the
 * version that the caller read is not the newest), GONE (a watch asks for a version that is no
 * longer kept).
 */
public interface ResourceStore extends AutoCloseable {
  /**
   * Sets uid, creation time, generation 1 and version; the name must be there, and the namespace
   * where the kind has one. A status in {@code object} is dropped.
   */
  ApiObject create(ResourceKind kind, ApiObject object);

  Optional<ApiObject> get(ResourceKind kind, String namespace, String name);

  /** Sorted by namespace and name. */
  Listing list(ResourceKind kind, Optional<String> namespace);

  /**
   * Replaces all but the status and what the server owns. The generation rises if the spec changed;
   * nothing happens if nothing changed. A {@code resourceVersion} of 0 in {@code object} means
   * "whatever is there".
   */
  ApiObject replace(ResourceKind kind, ApiObject object);

  /**
   * Changes the status alone; nothing is written if nothing changes. {@code status} gets a copy of
   * the newest status (an empty object at first), is called once and must not call the store.
   */
  ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status);

  /** Gives the last state, with the version of the deletion. */
  ApiObject delete(ResourceKind kind, String namespace, String name);

  /**
   * Several writes, decided in this order, each on the state that those before it leave. Each
   * succeeds or fails by itself; returns when all have. A store on a disk lets them wait for it
   * together, which is what makes many cheap.
   *
   * @param failed is told of those that failed, in order, on the caller's thread
   */
  default void writeAll(List<Edit> edits, BiConsumer<Edit, RuntimeException> failed) {
    for (Edit edit : edits) {
      try {
        edit.on(this);
      } catch (RuntimeException e) {
        failed.accept(edit, e);
      }
    }
  }

  /**
   * All changes after {@code fromVersion}, in order, each once; also those from before a restart.
   */
  Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion);

  @Override
  void close();

  /**
   * Objects and the version at which they were read.
   *
   * @param json each as one JSON object, as it is kept
   */
  record Listing(List<byte[]> json, long version) {
    /** The same as trees, each made when it is read: all at once would take megabytes. */
    public List<ApiObject> items() {
      return new AbstractList<>() {
        @Override
        public ApiObject get(int index) {
          return new ApiObject(ApiJson.parse(json.get(index)));
        }

        @Override
        public int size() {
          return json.size();
        }
      };
    }
  }

  /**
   * A change.
   *
   * @param json the object after it, or the last one of a deleted object, as it is kept; bytes,
   *     because most who see it pass it on
   * @param statusOnly whether it is known that nothing but the status is another
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
  record Event(Type type, byte[] json, boolean statusOnly) {
    public Event(Type type, ApiObject object) {
      this(type, ApiJson.bytes(object.json()), false);
    }

    /** A tree of its own each time. */
    public ApiObject object() {
      return new ApiObject(ApiJson.parse(json));
    }

    /** As the API's watch names them. */
    public enum Type {
      ADDED,
      MODIFIED,
      DELETED
    }
  }

  /** A running watch; bounded: one that is not read fast enough fails with GONE. */
  interface Watch extends AutoCloseable {
    /** Waits for the next change, at most {@code timeoutMillis}; empty when none came. */
    Optional<Event> next(long timeoutMillis) throws InterruptedException;

    /** All changes up to this version were seen: where another watch may go on. */
    long version();

    @Override
    void close();
  }
}
