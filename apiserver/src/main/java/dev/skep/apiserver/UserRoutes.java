package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Who may use the API: list, add, remove. */
final class UserRoutes {
  private final Users users;

  UserRoutes(Users users) {
    this.users = users;
  }

  /**
   * @param path behind {@code users}
   */
  void handle(List<String> path, Exchange exchange) {
    if (path.size() > 1) {
      throw ApiFailure.notFound(exchange.pathText());
    }
    switch (exchange.method()) {
      case "GET" -> exchange.send(list());
      case "POST" -> {
        User user = Users.user(exchange.object());
        exchange.send(201, Users.json(user).put("token", users.add(user)));
      }
      case "DELETE" -> {
        users.remove(path.isEmpty() ? "" : path.getFirst());
        exchange.send(ApiJson.object().put("kind", "Status").put("status", "Success"));
      }
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private ObjectNode list() {
    ObjectNode list = ApiJson.object();
    ArrayNode items = list.putArray("items");
    users.list().forEach(user -> items.add(Users.json(user)));
    return list;
  }
}
