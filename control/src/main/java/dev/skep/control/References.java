package dev.skep.control;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which routes name which things, by name of the route within their namespace. It belongs to the
 * control thread.
 */
final class References<T> {
  private final Map<T, TreeSet<String>> routes = new HashMap<>();

  /** Names of the routes; a copy. */
  Set<String> to(T thing) {
    TreeSet<String> found = routes.get(thing);
    return found == null ? Set.of() : new TreeSet<>(found);
  }

  /** A route names these things in place of those. */
  void replace(String route, Set<T> before, Set<T> after) {
    for (T thing : before) {
      TreeSet<String> found = routes.get(thing);
      if (!after.contains(thing) && found != null) {
        found.remove(route);
        if (found.isEmpty()) {
          routes.remove(thing);
        }
      }
    }
    after.forEach(thing -> routes.computeIfAbsent(thing, _ -> new TreeSet<>()).add(route));
  }
}
