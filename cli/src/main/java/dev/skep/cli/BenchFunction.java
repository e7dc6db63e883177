package dev.skep.cli;

import dev.skep.api.SkepException;
import java.util.List;

/**
 * A function of the suite. It stands for one of those of the REAP paper (ASPLOS'21, table 1), or
 * for a runtime that the paper left out.
 *
 * @param recorded what the request asks for whose pages are recorded
 * @param served what the requests ask for that are measured: other work of the same kind
 */
record BenchFunction(Example example, String recorded, String served) {
  private static final List<BenchFunction> SUITE =
      List.of(
          new BenchFunction(new Example("hello", "static C", List.of("/hello")), "/", "/?again=1"),
          new BenchFunction(Example.python("hello-python", "Python"), "/", "/?again=1"),
          new BenchFunction(
              Example.python("aes", "AES in pure Python"), "/?size=256", "/?size=400"),
          new BenchFunction(Example.python("json", "JSON, Python"), "/?size=500", "/?size=700"),
          new BenchFunction(
              Example.python("chameleon", "HTML templates, Python"), "/?size=50", "/?size=70"),
          new BenchFunction(
              Example.python("image-rotate", "JPEG with Pillow"), "/?angle=90", "/?angle=37"),
          new BenchFunction(
              Example.python("lr-serving", "logistic regression with NumPy"),
              "/?seed=1",
              "/?seed=2000"),
          new BenchFunction(
              Example.python("vector-search", "nearest of 80,000 vectors, with NumPy"),
              "/?seed=1",
              "/?seed=2000"),
          new BenchFunction(
              new Example(
                  "words-java",
                  "word count on a JVM",
                  List.of(
                      "/usr/jre/bin/java",
                      "-Xshare:auto",
                      "-XX:TieredStopAtLevel=1",
                      "-XX:+UseSerialGC",
                      "-Xmx64m",
                      "-cp",
                      "/app",
                      "Words")),
              "/?size=1000",
              "/?size=1500"),
          new BenchFunction(
              new Example(
                  "words-node", "word count on Node", List.of("/usr/bin/node", "/app/words.js")),
              "/?size=1000",
              "/?size=1500"));

  String name() {
    return example.name();
  }

  static List<BenchFunction> all() {
    return SUITE;
  }

  /**
   * The functions of those names, in the order of the suite; all of them for no name.
   *
   * @throws SkepException INVALID, naming what was found and expected
   */
  static List<BenchFunction> named(List<String> names) {
    List<String> known = SUITE.stream().map(BenchFunction::name).toList();
    BenchOptions.known("function", names, known);
    return names.isEmpty()
        ? SUITE
        : SUITE.stream().filter(function -> names.contains(function.name())).toList();
  }
}
