import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the logs of Knative's suites and prints a table: test, result, time, and why where it did
 * not pass. Exit status 1 when one failed or none passed.
 *
 * <p>Arguments: the folder with {@code SUITE/TEST.log}; then, to write the results into a table of
 * a page as well, that page and the heading of the column.
 */
final class Scores {
  private static final Pattern END =
      Pattern.compile("^--- (PASS|FAIL|SKIP): ", Pattern.MULTILINE);
  private static final Pattern STATUS =
      Pattern.compile("^exit status (\\d+) after (\\d+) s$", Pattern.MULTILINE);
  private static final Pattern SAID =
      Pattern.compile("^ +\\w+_test\\.go:\\d+: (.+)$", Pattern.MULTILINE);
  private static final Pattern PART =
      Pattern.compile("^ +--- FAIL: [^/\\s]+/(\\S+)", Pattern.MULTILINE);

  /** What {@code timeout} says of one that it has ended. */
  private static final List<String> LATE = List.of("124", "137");

  private static final int LONGEST = 160;

  /** One test; {@code result} is pass, fail, skip or timeout. */
  record Score(String suite, String test, String result, int seconds, String why) {
    String cell() {
      return result.equals("pass") ? "pass, " + seconds + " s" : result;
    }
  }

  public static void main(String[] args) throws IOException {
    List<Score> scores = read(Path.of(args[0]));
    scores.forEach(Scores::print);
    String all =
        Stream.of("pass", "fail", "timeout", "skip")
            .map(result -> count(scores, result) + " " + result)
            .collect(Collectors.joining(", "));
    System.out.printf("%n%s%n", all);
    if (args.length > 2) {
      Path page = Path.of(args[1]);
      Files.writeString(page, Page.of(Files.readString(page)).with(args[2], scores).text());
    }
    boolean failed = count(scores, "fail") + count(scores, "timeout") > 0;
    System.exit(failed || count(scores, "pass") == 0 ? 1 : 0);
  }

  private static void print(Score score) {
    System.out.printf(
        "%-8s %-40s %-8s %4d s  %s%n",
        score.suite, score.test, score.result, score.seconds, score.why);
  }

  private static long count(List<Score> scores, String result) {
    return scores.stream().filter(score -> score.result.equals(result)).count();
  }

  private static List<Score> read(Path logs) throws IOException {
    var scores = new ArrayList<Score>();
    try (Stream<Path> files = Files.walk(logs, 2)) {
      for (Path log : files.filter(file -> file.toString().endsWith(".log")).toList()) {
        scores.add(read(log, Files.readString(log)));
      }
    }
    scores.sort(Comparator.comparing(Score::suite).thenComparing(Score::test));
    return scores;
  }

  private static Score read(Path log, String text) {
    String suite = log.getParent().getFileName().toString();
    String test = log.getFileName().toString().replace(".log", "");
    Matcher end = END.matcher(text);
    Matcher status = STATUS.matcher(text);
    boolean ended = status.find();
    int seconds = ended ? Integer.parseInt(status.group(2)) : 0;
    boolean late = ended && LATE.contains(status.group(1));
    String result =
        late ? "timeout" : end.find() ? end.group(1).toLowerCase(Locale.ROOT) : "fail";
    return new Score(suite, test, result, seconds, result.equals("pass") ? "" : why(text));
  }

  /** The parts that failed, and what the test said last. */
  private static String why(String text) {
    List<String> parts = PART.matcher(text).results().map(part -> part.group(1)).toList();
    String last =
        SAID.matcher(text)
            .results()
            .reduce((_, later) -> later)
            .map(said -> said.group(1))
            .orElse("");
    String why = (parts.isEmpty() ? "" : String.join(", ", parts) + ": ") + last;
    return why.length() <= LONGEST ? why : why.substring(0, LONGEST - 3) + "...";
  }

  /**
   * The table of a page: between two lines that mark it, a row for each test, a column for each
   * sandbox.
   */
  record Page(
      String before,
      List<String> columns,
      Map<String, Map<String, String>> rows,
      String after) {
    private static final String BEGIN = "<!-- scores -->\n";
    private static final String END = "<!-- end -->\n";

    static Page of(String text) {
      int begin = text.indexOf(BEGIN) + BEGIN.length();
      int end = text.indexOf(END, begin);
      List<String[]> lines =
          text.substring(begin, end).lines().map(line -> line.split(" *\\| *", -1)).toList();
      List<String> columns = List.of(lines.getFirst()).subList(2, lines.getFirst().length - 1);
      var rows = new TreeMap<String, Map<String, String>>();
      for (String[] line : lines.subList(2, lines.size())) {
        var cells = new TreeMap<String, String>();
        for (int i = 0; i < columns.size(); i++) {
          cells.put(columns.get(i), line[i + 2]);
        }
        rows.put(line[1], cells);
      }
      return new Page(text.substring(0, begin), columns, rows, text.substring(end));
    }

    Page with(String column, List<Score> scores) {
      for (Score score : scores) {
        rows.computeIfAbsent(score.suite + " " + score.test, _ -> new TreeMap<>())
            .put(column, score.cell());
      }
      return this;
    }

    String text() {
      var table = new StringBuilder(before);
      table.append("| test | ").append(String.join(" | ", columns)).append(" |\n");
      table.append("| --- ").append("| --- ".repeat(columns.size())).append("|\n");
      rows.forEach(
          (test, cells) ->
              table.append(
                  columns.stream()
                      .map(column -> Optional.ofNullable(cells.get(column)).orElse("-"))
                      .collect(Collectors.joining(" | ", "| " + test + " | ", " |\n"))));
      return table.append(after).toString();
    }
  }
}
