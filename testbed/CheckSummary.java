import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Reads the test reports of all modules and prints skips and failures with their reasons, then one
 * line: {@code N passed, N failed, N skipped}. Exit status 1 when something failed or nothing
 * passed.
 *
 * <p>Arguments: the repository, then other checks as {@code NAME=pass}, {@code NAME=fail:REASON},
 * {@code NAME=skip:REASON}.
 */
final class CheckSummary {
  enum Verdict {
    PASSED,
    FAILED,
    SKIPPED
  }

  record Outcome(String name, Verdict verdict, String reason) {}

  public static void main(String[] args) throws Exception {
    var outcomes = new ArrayList<Outcome>();
    for (Path report : reports(Path.of(args[0]))) {
      outcomes.addAll(read(report));
    }
    boolean anyTest = outcomes.stream().anyMatch(outcome -> outcome.verdict() == Verdict.PASSED);
    for (String check : List.of(args).subList(1, args.length)) {
      outcomes.add(parse(check));
    }
    if (!anyTest) {
      outcomes.add(new Outcome("tests", Verdict.FAILED, "no test passed: did the build fail?"));
    }
    print("SKIPPED", outcomes, Verdict.SKIPPED);
    print("FAILED ", outcomes, Verdict.FAILED);
    System.out.printf(
        "%d passed, %d failed, %d skipped%n",
        count(outcomes, Verdict.PASSED),
        count(outcomes, Verdict.FAILED),
        count(outcomes, Verdict.SKIPPED));
    System.exit(count(outcomes, Verdict.FAILED) == 0 ? 0 : 1);
  }

  private static List<Path> reports(Path repository) throws IOException {
    try (Stream<Path> files = Files.find(repository, 4, (file, _) -> isReport(file))) {
      return files.sorted().toList();
    }
  }

  private static boolean isReport(Path file) {
    Path folder = file.getParent();
    return folder != null
        && folder.endsWith("target/surefire-reports")
        && file.getFileName().toString().matches("TEST-.*\\.xml");
  }

  private static List<Outcome> read(Path report) {
    String module = report.getParent().getParent().getParent().getFileName().toString();
    try (InputStream in = Files.newInputStream(report)) {
      NodeList cases =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(in)
              .getElementsByTagName("testcase");
      var outcomes = new ArrayList<Outcome>();
      for (int i = 0; i < cases.getLength(); i++) {
        outcomes.add(outcome(module, (Element) cases.item(i)));
      }
      return outcomes;
    } catch (Exception e) {
      // A report that was cut off: the test process died while it wrote.
      return List.of(new Outcome(module + " " + report.getFileName(), Verdict.FAILED, "unreadable report: " + e));
    }
  }

  private static Outcome outcome(String module, Element test) {
    String type = test.getAttribute("classname");
    String method = test.getAttribute("name");
    String name = module + " " + type.substring(type.lastIndexOf('.') + 1) + (method.isEmpty() ? "" : "." + method);
    for (String kind : List.of("failure", "error")) {
      if (test.getElementsByTagName(kind).item(0) instanceof Element found) {
        return new Outcome(name, Verdict.FAILED, reason(found));
      }
    }
    if (test.getElementsByTagName("skipped").item(0) instanceof Element found) {
      return new Outcome(name, Verdict.SKIPPED, reason(found));
    }
    return new Outcome(name, Verdict.PASSED, "");
  }

  private static String reason(Element found) {
    String message = found.getAttribute("message");
    String text = message.isBlank() ? found.getTextContent() : message;
    return text.isBlank()
        ? "no reason given"
        : text.strip().lines().limit(3).map(String::strip).reduce((a, b) -> a + " | " + b).orElse("");
  }

  private static Outcome parse(String check) {
    int split = check.indexOf('=');
    String name = check.substring(0, split);
    String[] verdict = check.substring(split + 1).split(":", 2);
    String reason = verdict.length > 1 ? verdict[1] : "";
    return switch (verdict[0]) {
      case "pass" -> new Outcome(name, Verdict.PASSED, reason);
      case "skip" -> new Outcome(name, Verdict.SKIPPED, reason);
      default -> new Outcome(name, Verdict.FAILED, reason);
    };
  }

  private static void print(String heading, List<Outcome> outcomes, Verdict verdict) {
    outcomes.stream()
        .filter(outcome -> outcome.verdict() == verdict)
        .forEach(outcome -> System.out.println(heading + " " + outcome.name() + ": " + outcome.reason()));
  }

  private static long count(List<Outcome> outcomes, Verdict verdict) {
    return outcomes.stream().filter(outcome -> outcome.verdict() == verdict).count();
  }
}
