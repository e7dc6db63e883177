package dev.skep.cli;

import java.util.List;

/**
 * A function of {@code examples/}.
 *
 * @param name of its folder, of its image and of its Service
 * @param title what it is, for people
 * @param command of its image
 */
record Example(String name, String title, List<String> command) {
  /** One in Python that is served by {@code examples/python/server.py}. */
  static Example python(String name, String title) {
    return new Example(name, title, List.of("/usr/bin/python3", "-S", "/app/server.pyc"));
  }

  /** The image's name; it changes with the content, so that an old one is never taken for it. */
  String image(String version) {
    return "dev.local/" + name + ":" + version;
  }
}
