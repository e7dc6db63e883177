package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "why",
    description =
        "Explain the last cold start of a service or an instance, phase by phase, or all starts of"
            + " one trace.")
final class Why extends SkepCommand {
  /** The one or the other. */
  @ArgGroup(multiplicity = "1")
  Subject subject = new Subject();

  static final class Subject {
    @Parameters(
        paramLabel = "SERVICE|INSTANCE",
        description = "Name of a service or of an instance.")
    String name = "";

    @Option(
        names = "--trace",
        paramLabel = "ID",
        description = "Trace id of requests that waited (of their header traceparent).")
    String trace = "";
  }

  @Option(
      names = {"-n", "--namespace"},
      description = "Namespace of the service (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  Why(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    try (ApiClient api = api()) {
      return subject.trace.isEmpty() ? last(api) : trace(api);
    }
  }

  private int last(ApiClient api) {
    Json start = find(api);
    if (!wantsTable()) {
      printTree(start);
      return ExitCodes.OK;
    }
    explain(start);
    memory(api, start).ifPresent(terminal()::println);
    others(api, start).ifPresent(terminal()::println);
    return ExitCodes.OK;
  }

  private int trace(ApiClient api) {
    List<Json> starts = Services.startsOf(api, subject.trace);
    if (starts.isEmpty()) {
      throw new SkepException(
          Code.NOT_FOUND,
          "no start of trace '"
              + subject.trace
              + "' is known (expected: 32 digits, as in the traceparent of a request that waited;"
              + " the daemon keeps the newest starts)");
    }
    if (!wantsTable()) {
      printTree(Json.object().set("items", starts.stream().map(Json::value).toList()));
      return ExitCodes.OK;
    }
    var report = new TraceReport(terminal(), starts);
    terminal()
        .println(
            "Trace "
                + subject.trace
                + ": "
                + count(starts.size(), "start")
                + ", "
                + terminal().bold(Times.precise(report.nanos()))
                + " from the first request to the last answer.");
    terminal().println("");
    report.table().print();
    return ExitCodes.OK;
  }

  /** Where there is more to see. */
  private static Optional<String> others(ApiClient api, Json start) {
    return start
        .at("traceId")
        .optional()
        .filter(trace -> Services.startsOf(api, trace).size() > 1)
        .map(trace -> "More starts of its trace: skep why --trace " + trace);
  }

  private Json find(ApiClient api) {
    String encoded = ApiClient.encode(subject.name);
    return Services.lastStart(api, "instance=" + encoded)
        .or(
            () ->
                Services.lastStart(
                    api, "namespace=" + ApiClient.encode(namespace) + "&service=" + encoded))
        .orElseThrow(
            () ->
                new SkepException(
                    Code.NOT_FOUND,
                    "no start of '"
                        + subject.name
                        + "' is known (expected: a service of namespace "
                        + namespace
                        + " or an instance, as 'skep ls' and 'skep describe' name them; the daemon"
                        + " keeps the newest starts)"));
  }

  private void explain(Json start) {
    Terminal out = terminal();
    long total = Times.nanos(start.at("total").text());
    out.println(
        "Instance "
            + out.bold(start.at("instance").text())
            + " of "
            + start.at("namespace").text()
            + "/"
            + start.at("revision").text()
            + ", "
            + Times.age(start.at("startedAt").text(), Instant.now())
            + " ago, by "
            + start.at("plan").text()
            + start.at("reason").optional().map(reason -> " (" + reason + ")").orElse(""));
    out.println(
        start
            .at("requestId")
            .optional()
            .map(
                id ->
                    "Request "
                        + id
                        + " waited "
                        + out.bold(Times.precise(total))
                        + " for its answer.")
            .orElse("No request waited; ready after " + out.bold(Times.precise(total)) + "."));
    start
        .at("decision")
        .optional()
        .filter(decision -> !decision.isEmpty())
        .ifPresent(decision -> out.println("Wanted by " + decision + "."));
    long others = start.at("concurrentStarts").number() - 1;
    if (others > 0) {
      out.println(count(others, "other start") + " ran on this host at the same time.");
    }
    out.println("");
    new StartReport(out).phases(start).print();
    String longest = StartReport.longest(start);
    if (!longest.isEmpty()) {
      out.println("");
      out.println("Most of it: " + out.bold(longest) + " (" + StartReport.meaning(longest) + ").");
      PhaseAdvice.of(longest).ifPresent(out::println);
    }
    failure(start.at("failure")).forEach(out::println);
  }

  private static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }

  /** What the pager has done for an instance that is still there; empty if it had no part in it. */
  private static Optional<String> memory(ApiClient api, Json start) {
    String instances = ApiClient.instances(start.at("namespace").text());
    Json memory;
    try {
      memory = api.get(instances + "/" + ApiClient.encode(start.at("instance").text()));
    } catch (SkepException e) {
      return Optional.empty(); // it is gone
    }
    Json paged = memory.at("pagedMemory");
    if (paged.isMissing()) {
      return Optional.empty();
    }
    long pages = paged.at("setPages").number();
    String waited =
        String.format(
            Locale.ROOT, "it has waited for %,d pages since", paged.at("demandFaults").number());
    return Optional.of(
        pages == 0
            ? "Memory: no working set was installed; " + waited + "."
            : String.format(
                Locale.ROOT,
                "Memory: %,d pages read in %s and installed in %s beside the start; %s.",
                pages,
                Times.precise(Times.nanos(paged.at("fetch").text())),
                Times.precise(Times.nanos(paged.at("install").text())),
                waited));
  }

  /** Lines that tell of a failed start; none for one that worked. */
  private static List<String> failure(Json failure) {
    if (failure.isMissing()) {
      return List.of();
    }
    var lines = new ArrayList<String>();
    lines.add("Failed: " + failure.at("reason").text() + ": " + failure.at("message").text());
    lines.addAll(details(failure));
    return lines;
  }

  /** The exit code and the last lines of the guest, where there are any. */
  static List<String> details(Json failure) {
    var lines = new ArrayList<String>();
    failure.at("exitCode").optional().ifPresent(code -> lines.add("  exit code: " + code));
    failure.at("lastOutput").items().forEach(line -> lines.add("  | " + line.text()));
    return lines;
  }
}
