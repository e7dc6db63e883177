package dev.skep.apiserver;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What users ask about themselves: {@code kubectl auth can-i} and {@code whoami}. */
final class AccessReviews {
  /** Kinds of Skep's own that are no objects. */
  private static final List<String> OWN = List.of("instances", "starts", "images", "snapshots");

  private AccessReviews() {}

  /** False for a path that is none of these. */
  static boolean answer(Kinds kinds, Exchange exchange) {
    switch (exchange.pathText()) {
      case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" ->
          send(exchange, access(exchange.object(), exchange.user()));
      case "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" ->
          send(exchange, rules(kinds, exchange.object(), exchange.user()));
      case "/apis/authentication.k8s.io/v1/selfsubjectreviews" ->
          send(exchange, self(exchange.object(), exchange.user()));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void send(Exchange exchange, ObjectNode review) {
    if (!exchange.method().equals("POST")) {
      throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
    exchange.send(201, review);
  }

  private static ObjectNode access(ObjectNode review, User user) {
    JsonNode asked = review.at("/spec/resourceAttributes");
    boolean paths = asked.isMissingNode(); // such as /version: open to all who are known
    var access =
        new Access(
            asked.path("verb").asString(""),
            asked.path("group").asString(""),
            asked.path("resource").asString(""),
            asked.path("subresource").asString(""),
            asked.path("namespace").asString(""),
            asked.path("name").asString(""));
    boolean allowed = paths || user.may(access);
    ObjectNode status = review.putObject("status").put("allowed", allowed);
    if (!allowed) {
      status.put("reason", "user \"%s\" %s".formatted(user.name(), access.refusal()));
    }
    return review;
  }

  private static ObjectNode rules(Kinds kinds, ObjectNode review, User user) {
    String namespace = review.at("/spec/namespace").asString("");
    ObjectNode status = review.putObject("status").put("incomplete", false);
    status.putArray("nonResourceRules");
    ArrayNode rules = status.putArray("resourceRules");
    boolean inside = user.namespaces().isEmpty() || user.namespaces().contains(namespace);
    if (inside && user.role() == Role.ADMIN) {
      rule(rules, List.of("*"), "*", List.of("*"));
    } else if (inside) {
      for (ServedKind served : kinds.served()) {
        add(rules, served.kind().group(), served.kind().plural(), served.verbs(), user.role());
      }
      add(rules, "", "pods/log", List.of("get"), user.role());
      add(rules, "", "pods/exec", List.of("create"), user.role());
      add(rules, "", "pods/portforward", List.of("create"), user.role());
      for (String plural : OWN) {
        add(rules, "skep.dev", plural, List.of("create", "delete", "get", "list"), user.role());
      }
    }
    return review;
  }

  /** What a role may do to a kind, as {@link Role#allows} has it. */
  private static void add(
      ArrayNode rules, String group, String resource, List<String> verbs, Role role) {
    String[] parts = (resource + "/").split("/", -1);
    List<String> allowed =
        verbs.stream()
            .filter(verb -> role.allows(new Access(verb, group, parts[0], parts[1], "", "")))
            .toList();
    if (!allowed.isEmpty()) {
      rule(rules, allowed, group, List.of(resource));
    }
  }

  private static void rule(
      ArrayNode rules, List<String> verbs, String group, List<String> resources) {
    ObjectNode rule = rules.addObject();
    verbs.forEach(rule.putArray("verbs")::add);
    rule.putArray("apiGroups").add(group);
    resources.forEach(rule.putArray("resources")::add);
  }

  private static ObjectNode self(ObjectNode review, User user) {
    ObjectNode info = review.putObject("status").putObject("userInfo");
    info.put("username", user.name());
    info.putArray("groups").add("skep:" + user.role()).add("system:authenticated");
    return review;
  }
}
