package dev.skep.control;

import dev.skep.api.ApiObject;

/** Where an object of a kind is found. */
record ObjectName(String namespace, String name) {
  static ObjectName of(ApiObject object) {
    return new ObjectName(object.namespace(), object.name());
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
