package dev.skep.cli;

import java.util.Optional;

/**
 * What a user has named: {@code NAME}, or {@code KIND/NAME}.
 *
 * @param kind empty: a function, or where there is none of the name a Deployment
 */
record ObjectName(Optional<ObjectKind> kind, String name) {
  static ObjectName parse(String text) {
    int slash = text.indexOf('/');
    return slash < 0
        ? new ObjectName(Optional.empty(), text)
        : new ObjectName(
            Optional.of(ObjectKind.named(text.substring(0, slash))), text.substring(slash + 1));
  }
}
