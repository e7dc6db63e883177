package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * Objects in one SQLite file, with a copy of all in memory. One platform thread writes, many writes
 * at a time; a write is on the disk before anybody sees it.
 */
public final class SqliteStore implements ResourceStore {
  /** Changes that a watch may look back on, restarts included. */
  static final int KEPT_CHANGES = 16_384;

  private static final int CHANGES_IN_MEMORY = 1_024;
  static final String FILE = "skep.db";

  private final StateLock stateLock;
  private final Transitions transitions;
  private final Objects objects;
  private final Journal journal;
  private final Writer writer;

  private SqliteStore(
      StateLock stateLock, Clock clock, Objects objects, Journal journal, Writer writer) {
    this.stateLock = stateLock;
    this.transitions = new Transitions(clock);
    this.objects = objects;
    this.journal = journal;
    this.writer = writer;
  }

  /**
   * Opens the store of a state folder, made if it is not there. Fails with CONFLICT when another
   * process has the folder, UNSUPPORTED when a newer Skep wrote it.
   */
  public static SqliteStore open(Path folder, Clock clock) {
    return open(folder, clock, 0);
  }

  static SqliteStore open(Path folder, Clock clock, int maxPages) {
    StateLock lock = StateLock.acquire(folder);
    try {
      NativeLibrary.prepare(folder);
      Database database = Database.open(folder.resolve(FILE), maxPages);
      long newest = Math.max(1, database.newest()); // 0 in a request means "whatever there is"
      long oldest = Math.max(1, database.oldest() - 1);
      var objects = new Objects(database.objects(), newest);
      var journal = new Journal(oldest, newest, CHANGES_IN_MEMORY, KEPT_CHANGES);
      var writer = new Writer(database, objects, newest, KEPT_CHANGES, journal::append);
      writer.start();
      return new SqliteStore(lock, clock, objects, journal, writer);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  @Override
  public ApiObject create(ResourceKind kind, ApiObject object) {
    return write(kind, object.namespace(), object.name(), creation(kind, object));
  }

  private Write.Decision creation(ResourceKind kind, ApiObject object) {
    if (object.name().isEmpty() || kind.namespaced() == object.namespace().isEmpty()) {
      throw new SkepException(
          Code.INVALID,
          kind.namespaced()
              ? "metadata.name and metadata.namespace: required"
              : "metadata.name: required, and no metadata.namespace");
    }
    return there -> new Write.Put(transitions.create(kind, object, there), false);
  }

  @Override
  public ApiObject replace(ResourceKind kind, ApiObject object) {
    return write(
        kind,
        object.namespace(),
        object.name(),
        changing(kind, object.name(), false, old -> transitions.replace(kind, object, old)));
  }

  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    return write(
        kind, namespace, name, changing(kind, name, true, old -> transitions.status(old, status)));
  }

  @Override
  public ApiObject delete(ResourceKind kind, String namespace, String name) {
    return write(kind, namespace, name, there -> new Write.Remove(existing(kind, name, there)));
  }

  @Override
  public void writeAll(List<Edit> edits, BiConsumer<Edit, RuntimeException> failed) {
    var answers = new ArrayList<CompletableFuture<ApiObject>>();
    for (Edit edit : edits) {
      answers.add(submit(edit));
    }
    for (int i = 0; i < answers.size(); i++) {
      try {
        Writer.await(answers.get(i));
      } catch (RuntimeException e) {
        failed.accept(edits.get(i), e);
      }
    }
  }

  private CompletableFuture<ApiObject> submit(Edit edit) {
    try {
      ObjectKey key = ObjectKey.of(edit.kind(), edit.namespace(), edit.name());
      return writer.submit(key, decision(edit));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private Write.Decision decision(Edit edit) {
    return switch (edit) {
      case Edit.Create(var kind, var object) -> creation(kind, object);
      case Edit.Change(var kind, _, var name, var change) ->
          changing(
              kind,
              name,
              false,
              old -> transitions.replace(kind, new ApiObject(change.apply(old.deepCopy())), old));
      case Edit.Status(var kind, _, var name, var uid, var status) ->
          changing(kind, name, true, old -> transitions.status(meant(edit, uid, old), status));
      case Edit.Delete(var kind, _, var name, var uid) ->
          there -> new Write.Remove(meant(edit, uid, existing(kind, name, there)));
    };
  }

  private ApiObject write(
      ResourceKind kind, String namespace, String name, Write.Decision decision) {
    return writer.write(ObjectKey.of(kind, namespace, name), decision);
  }

  /**
   * @param statusOnly whether nothing else changes
   * @param change of what is there; empty where nothing changes
   */
  private static Write.Decision changing(
      ResourceKind kind,
      String name,
      boolean statusOnly,
      Function<ObjectNode, Optional<ObjectNode>> change) {
    return there -> {
      ObjectNode old = existing(kind, name, there);
      return change
          .apply(old)
          .<Write>map(object -> new Write.Put(object, statusOnly))
          .orElseGet(() -> new Write.Nothing(old));
    };
  }

  /** Fails with NOT_FOUND. */
  static ObjectNode existing(ResourceKind kind, String name, Optional<ObjectNode> there) {
    return there.orElseThrow(
        () ->
            new SkepException(
                Code.NOT_FOUND, "%s \"%s\" not found".formatted(kind.resource(), name)));
  }

  private static ObjectNode meant(Edit edit, String uid, ObjectNode there) {
    edit.checkMeant(uid, new ApiObject(there));
    return there;
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    return objects.get(ObjectKey.of(kind, namespace, name)).map(SqliteStore::read);
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    return objects.list(kind, namespace);
  }

  private static ApiObject read(byte[] json) {
    return new ApiObject(ApiJson.parse(json));
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return new JournalWatch(journal, writer::readJournal, kind, namespace, fromVersion);
  }

  @Override
  public void close() {
    journal.close();
    writer.close();
    stateLock.close();
  }
}
