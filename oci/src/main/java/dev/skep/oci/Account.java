package dev.skep.oci;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.RootFiles;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Whom a process runs as.
 *
 * @param groups besides {@code gid}
 * @param home absolute
 */
public record Account(int uid, int gid, List<Integer> groups, String home) {
  private record User(String name, int uid, int gid, String home) {}

  private record Group(String name, int gid, List<String> members) {}

  public Account {
    groups = List.copyOf(groups);
  }

  /**
   * Looks a user up in the image's own files.
   *
   * @param user as an image config writes it: empty (root), {@code uid}, {@code name}, {@code
   *     uid:gid}, {@code name:group}
   * @throws SkepException INVALID, naming what is not there
   */
  static Account of(RootFiles image, String user) {
    String[] parts = user.split(":", 2);
    String name = parts[0].isEmpty() ? "0" : parts[0];
    String group = parts.length > 1 ? parts[1] : "";
    Optional<User> entry =
        users(image).filter(each -> is(each.name(), each.uid(), name)).findFirst();
    int uid = entry.map(User::uid).orElseGet(() -> number(name).orElseThrow(() -> noUser(name)));
    String home = entry.map(User::home).filter(path -> !path.isEmpty()).orElse("/");
    if (!group.isEmpty()) {
      return new Account(uid, gid(image, group), List.of(), home);
    }
    int gid = entry.map(User::gid).orElse(0);
    return new Account(uid, gid, groups(image, entry.map(User::name).orElse(name), gid), home);
  }

  private static int gid(RootFiles image, String group) {
    return groups(image)
        .filter(each -> is(each.name(), each.gid(), group))
        .map(Group::gid)
        .findFirst()
        .orElseGet(() -> number(group).orElseThrow(() -> noGroup(group)));
  }

  private static List<Integer> groups(RootFiles image, String user, int gid) {
    return groups(image)
        .filter(group -> group.gid() != gid && group.members().contains(user))
        .map(Group::gid)
        .distinct()
        .toList();
  }

  private static Stream<User> users(RootFiles image) {
    return lines(image, "/etc/passwd", 4)
        .map(
            fields ->
                new User(
                    fields[0],
                    number(fields[2]).orElse(-1),
                    number(fields[3]).orElse(-1),
                    fields.length > 5 ? fields[5] : ""))
        .filter(user -> user.uid() >= 0 && user.gid() >= 0);
  }

  private static Stream<Group> groups(RootFiles image) {
    return lines(image, "/etc/group", 3)
        .map(
            fields ->
                new Group(
                    fields[0],
                    number(fields[2]).orElse(-1),
                    List.of(fields.length > 3 ? fields[3].split(",", -1) : new String[0])))
        .filter(group -> group.gid() >= 0);
  }

  private static Stream<String[]> lines(RootFiles image, String file, int fields) {
    return image
        .text(file)
        .orElse("")
        .lines()
        .map(line -> line.split(":", -1))
        .filter(line -> line.length >= fields && !line[0].isEmpty());
  }

  private static boolean is(String name, int id, String wanted) {
    return name.equals(wanted) || number(wanted).equals(OptionalInt.of(id));
  }

  private static OptionalInt number(String text) {
    if (!text.matches("\\d{1,10}") || Long.parseLong(text) > Integer.MAX_VALUE) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(Integer.parseInt(text));
  }

  private static SkepException noUser(String name) {
    return new SkepException(
        Code.INVALID,
        "user '%s': not in the image's /etc/passwd (expected: one of its names, or a number)"
            .formatted(name));
  }

  private static SkepException noGroup(String name) {
    return new SkepException(
        Code.INVALID,
        "group '%s': not in the image's /etc/group (expected: one of its names, or a number)"
            .formatted(name));
  }
}
