package dev.skep.api;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What an instance may ask of itself: a {@code fieldPath} of Kubernetes' downward API. */
public sealed interface InstanceField {
  /** One that is there by itself. */
  enum Plain implements InstanceField {
    NAME("metadata.name"),
    NAMESPACE("metadata.namespace"),
    UID("metadata.uid"),
    NODE("spec.nodeName"),
    /** All of them, in lines; for volumes only. */
    LABELS("metadata.labels"),
    /** As {@link #LABELS}. */
    ANNOTATIONS("metadata.annotations");

    private final String path;

    Plain(String path) {
      this.path = path;
    }
  }

  /** {@code metadata.labels['key']}, empty where there is none. */
  record Label(String key) implements InstanceField {}

  /** {@code metadata.annotations['key']}, empty where there is none. */
  record Annotation(String key) implements InstanceField {}

  /** The paths that {@link #parse} reads, for messages. */
  String EXPECTED =
      "expected metadata.name, metadata.namespace, metadata.uid, spec.nodeName,"
          + " metadata.labels['KEY'] or metadata.annotations['KEY']";

  /** Empty for one that is not served: addresses, above all, are not known before the start. */
  static Optional<InstanceField> parse(String path) {
    for (Plain field : Plain.values()) {
      if (field.path.equals(path)) {
        return Optional.of(field);
      }
    }
    Matcher entry = Entry.PATH.matcher(path);
    if (!entry.matches()) {
      return Optional.empty();
    }
    String key = entry.group(2);
    return Optional.of(entry.group(1).equals("labels") ? new Label(key) : new Annotation(key));
  }

  /** Whether it is all labels or annotations: a text of many lines, which no variable takes. */
  default boolean isMap() {
    return this == Plain.LABELS || this == Plain.ANNOTATIONS;
  }

  /** Whether two instances of one revision answer differently. */
  default boolean tellsInstances() {
    return this == Plain.NAME || this == Plain.UID;
  }

  /** Who an instance is. */
  record Instance(
      String name,
      String namespace,
      String uid,
      String node,
      Map<String, String> labels,
      Map<String, String> annotations) {
    public Instance {
      labels = Map.copyOf(labels);
      annotations = Map.copyOf(annotations);
    }

    public String get(InstanceField field) {
      return switch (field) {
        case Plain.NAME -> name;
        case Plain.NAMESPACE -> namespace;
        case Plain.UID -> uid;
        case Plain.NODE -> node;
        case Plain.LABELS -> Entry.lines(labels);
        case Plain.ANNOTATIONS -> Entry.lines(annotations);
        case Label(String key) -> labels.getOrDefault(key, "");
        case Annotation(String key) -> annotations.getOrDefault(key, "");
      };
    }
  }

  /** Of a map, as paths and files name it. */
  final class Entry {
    private static final Pattern PATH =
        Pattern.compile("metadata\\.(labels|annotations)\\['([^']+)'\\]");

    private Entry() {}

    /** As Kubernetes writes them: sorted, {@code key="value"} with Go's quotes. */
    private static String lines(Map<String, String> entries) {
      return new TreeMap<>(entries)
          .entrySet().stream()
              .map(
                  entry ->
                      entry.getKey() + "=" + ApiJson.mapper().writeValueAsString(entry.getValue()))
              .collect(Collectors.joining("\n"));
    }
  }
}
