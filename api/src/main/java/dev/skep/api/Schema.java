package dev.skep.api;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a kind: the one table from which unknown fields and wrong types are found (and which
 * can be published).
 */
public sealed interface Schema {
  /** A value without parts. */
  enum Scalar implements Schema {
    STRING,
    INTEGER,
    BOOLEAN,
    /** A number, or a text such as a port's name. */
    INT_OR_STRING,
    /** A {@link Quantity}, as text or as a number. */
    QUANTITY,
    /** Whatever it is, it is kept. */
    ANYTHING
  }

  /** How a field is served. */
  enum Support {
    FULL,
    /** Accepted because clients send it, but without effect here; the client is warned. */
    NO_EFFECT,
    /** Part of Kubernetes, refused here. */
    REFUSED
  }

  /** A field of an object. */
  record Field(Schema schema, Support support) {}

  /**
   * @param open further fields are kept
   */
  record ObjectOf(Map<String, Field> fields, boolean open) implements Schema {
    public ObjectOf {
      fields = new LinkedHashMap<>(fields);
    }

    /** With one more field. */
    public ObjectOf with(String name, Schema schema) {
      return with(name, schema, Support.FULL);
    }

    /** With more fields that have no effect. */
    public ObjectOf ignoring(Schema schema, String... names) {
      ObjectOf more = this;
      for (String name : names) {
        more = more.with(name, schema, Support.NO_EFFECT);
      }
      return more;
    }

    /** With more fields that are refused. */
    public ObjectOf refusing(String... names) {
      ObjectOf more = this;
      for (String name : names) {
        more = more.with(name, Scalar.ANYTHING, Support.REFUSED);
      }
      return more;
    }

    private ObjectOf with(String name, Schema schema, Support support) {
      var more = new LinkedHashMap<>(fields);
      more.put(name, new Field(schema, support));
      return new ObjectOf(more, open);
    }
  }

  /** An array of equal elements. */
  record ListOf(Schema element) implements Schema {}

  /** An object with free keys. */
  record MapOf(Schema value) implements Schema {}

  static ObjectOf object() {
    return new ObjectOf(Map.of(), false);
  }

  static ObjectOf openObject() {
    return new ObjectOf(Map.of(), true);
  }

  static ListOf list(Schema element) {
    return new ListOf(element);
  }

  static MapOf map(Schema value) {
    return new MapOf(value);
  }
}
