package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.store.ResourceStore;
import dev.skep.store.ResourceStore.Event;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one watch: JSON lines, sent as soon as there is no further one, until its time is over or
 * the client has gone.
 */
final class WatchStream {
  private static final byte[] END = {'}', '\n'};
  private static final long BOOKMARK_MILLIS = Duration.ofSeconds(30).toMillis();

  /** Sent together at most: what a client waits for must not wait for a store that is busy. */
  private static final int AT_ONCE = 64;

  private final ServedKind served;
  private final Selector selector;
  private final View view;
  private final boolean bookmarks;
  private final OutputStream out;
  private final Set<String> unmatched = new HashSet<>();
  private boolean written;

  WatchStream(
      ServedKind served, Selector selector, View view, boolean bookmarks, OutputStream out) {
    this.served = served;
    this.selector = selector;
    this.view = view;
    this.bookmarks = bookmarks;
    this.out = new BufferedOutputStream(out, 8 << 10);
  }

  /** Objects that were there already. */
  void initial(ResourceStore.Listing listing, boolean markEnd) throws IOException {
    for (ApiObject object : listing.items()) {
      if (selector.matches(object)) {
        write("ADDED", object);
      } else if (selector.fields().test(object)) {
        unmatched.add(object.uid());
      }
    }
    if (markEnd) {
      ObjectNode end = bookmark(listing.version());
      end.withObject("metadata").putObject("annotations").put("k8s.io/initial-events-end", "true");
      write("BOOKMARK", new ApiObject(end));
    }
  }

  /**
   * Makes sure that the client has an answer to look at: it waits for the head, which leaves with
   * the first byte. An empty line is nothing to clients that read JSON values or skip empty lines.
   */
  void open(long version) throws IOException {
    if (!written) {
      if (bookmarks) {
        write("BOOKMARK", new ApiObject(bookmark(version)));
      } else {
        out.write('\n');
      }
    }
    out.flush();
  }

  void run(ResourceStore.Watch watch, Duration time) throws IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    try {
      for (long left = time.toMillis(); left > 0; left = (end - System.nanoTime()) / 1_000_000) {
        Optional<Event> event = watch.next(Math.min(left, BOOKMARK_MILLIS));
        if (event.isEmpty() && bookmarks) {
          write("BOOKMARK", new ApiObject(bookmark(watch.version())));
        }
        for (int room = AT_ONCE; event.isPresent(); room--) {
          pass(event.get());
          event = room > 1 ? watch.next(0) : Optional.empty();
        }
        out.flush();
      }
    } catch (SkepException e) {
      if (e.code()
          != SkepException.Code.UNAVAILABLE) { // the store is closing: the stream just ends
        line("ERROR", ApiFailure.of(e).status());
      }
    }
    out.flush();
  }

  /** An object whose labels change may enter the selection (as added) or leave it (as deleted). */
  private void pass(Event event) throws IOException {
    if (selector.isAll()) {
      write(event.type().name(), event);
      return;
    }
    ApiObject object = event.object();
    if (!selector.fields().test(object)) {
      return;
    }
    boolean wasOutside = unmatched.remove(object.uid());
    boolean inside = selector.labels().test(object);
    if (event.type() == Event.Type.DELETED) {
      if (!wasOutside) {
        write("DELETED", event);
      }
    } else if (inside) {
      write(wasOutside ? "ADDED" : event.type().name(), event);
    } else {
      unmatched.add(object.uid());
      if (!wasOutside && event.type() == Event.Type.MODIFIED) {
        write("DELETED", event);
      }
    }
  }

  private ObjectNode bookmark(long version) {
    ObjectNode object = ApiJson.object();
    object.put("kind", served.kind().kind()).put("apiVersion", served.kind().apiVersion());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("resourceVersion", Long.toString(version)).putNull("creationTimestamp");
    return object;
  }

  /** As it is kept, where the client wants it so: a crowd of watchers costs little then. */
  private void write(String type, Event event) throws IOException {
    if (!(view instanceof View.Plain) || served.live().isPresent()) {
      write(type, event.object());
      return;
    }
    out.write(("{\"type\":\"" + type + "\",\"object\":").getBytes(StandardCharsets.UTF_8));
    out.write(event.json());
    out.write(END);
    written = true;
  }

  private void write(String type, ApiObject object) throws IOException {
    line(type, view.event(served, object, !written));
  }

  private void line(String type, ObjectNode object) throws IOException {
    ObjectNode line = ApiJson.object();
    line.put("type", type).set("object", object);
    out.write(ApiJson.bytes(line));
    out.write('\n');
    written = true;
  }
}
