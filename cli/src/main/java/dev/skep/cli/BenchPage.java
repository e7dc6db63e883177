package dev.skep.cli;

import dev.skep.cli.BenchChart.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** The report: one page of HTML that needs nothing but itself. */
final class BenchPage {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Cold starts</title><style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 880px; margin: 2em auto; padding: 0 1em; color: #222 }
      h1 { margin-bottom: 0 } h2 { margin-top: 2em; border-bottom: 1px solid #ccc }
      table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25em .6em; border-bottom: 1px solid #e4e4e4; vertical-align: top }
      td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } .ok { color: #186a28 } .missed { color: #a4231b }
      .why { color: #555; font-size: 13px } .key span { display: inline-block; margin-right: 1.1em } .key i { display: inline-block; width: .8em; height: .8em; margin-right: .35em }
      svg { max-width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #333 } svg .label { text-anchor: end } svg .head { font-weight: 600; font-size: 12px }
      </style></head><body>
      """;

  private final BenchResult result;
  private final List<BenchBound> bounds;
  private final StringBuilder page = new StringBuilder(HEAD);

  private BenchPage(BenchResult result, List<BenchBound> bounds) {
    this.result = result;
    this.bounds = bounds;
  }

  static String of(BenchResult result, List<BenchBound> bounds) {
    var page = new BenchPage(result, bounds);
    page.verdict();
    page.bounds();
    page.phases();
    page.speedUps();
    page.faults();
    page.atOnce();
    page.memory();
    page.method();
    return page.page.append("</body></html>\n").toString();
  }

  private void verdict() {
    page.append("<h1>Cold starts</h1>\n<p>")
        .append(
            escape(
                "%d functions, %d rounds, medians. "
                    .formatted(result.functions().size(), result.rounds())));
    BenchVerdict.sentences(result, bounds)
        .forEach(sentence -> page.append(escape(sentence)).append(' '));
    page.append("</p>\n<table>\n");
    result
        .host()
        .forEach(
            (name, value) ->
                page.append(
                    "<tr><th>%s</th><td>%s</td></tr>\n".formatted(escape(name), escape(value))));
    page.append("</table>\n");
  }

  private void bounds() {
    page.append("<h2>What a restore should reach</h2>\n<table>\n");
    page.append(
        "<tr><th>ratio</th><th class=\"n\">measured</th><th class=\"n\">reach</th><th></th></tr>\n");
    for (BenchBound bound : bounds) {
      String mark = bound.reached() ? "ok" : "missed";
      String why =
          bound.why().isEmpty() ? "" : "<div class=\"why\">" + escape(bound.why()) + "</div>";
      page.append(
          "<tr><td>%s%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"%s\">%s</td></tr>\n"
              .formatted(
                  escape(bound.what()),
                  why,
                  bound.measuredText(),
                  escape(bound.reachText()),
                  mark,
                  mark));
    }
    page.append("</table>\n");
  }

  private void phases() {
    page.append("<h2>Where the time goes</h2>\n<p class=\"key\">");
    for (BenchStage stage : BenchStage.values()) {
      page.append(
          "<span><i style=\"background:%s\"></i>%s</span>"
              .formatted(stage.colour(), escape(stage.label())));
    }
    page.append("</p>\n");
    for (boolean boots : new boolean[] {false, true}) {
      List<BenchPlan> plans =
          result.plans().stream().filter(plan -> (plan == BenchPlan.BOOT) == boots).toList();
      if (!plans.isEmpty()) {
        page.append(boots ? "<p>Boots, on a scale of their own:</p>\n" : "");
        page.append(phases(plans).svg());
      }
    }
  }

  private BenchChart phases(List<BenchPlan> plans) {
    var chart = new BenchChart();
    for (BenchFunction function : result.functions()) {
      chart.bar(function.name() + " - " + function.example().title(), List.of(), "");
      for (BenchPlan plan : plans) {
        for (boolean cold : new boolean[] {true, false}) {
          OptionalDouble total = result.firstByte(function.name(), plan, cold);
          String label = plan.label() + (plan.starts() ? cold ? ", cold" : ", in cache" : "");
          total.ifPresent(millis -> chart.bar(label, parts(function, plan, cold), millis(millis)));
        }
      }
    }
    return chart;
  }

  private List<Part> parts(BenchFunction function, BenchPlan plan, boolean cold) {
    var parts = new ArrayList<Part>();
    for (BenchStage stage : BenchStage.values()) {
      if (stage == BenchStage.RESPONSE) {
        continue; // bars end at the first byte
      }
      double millis =
          stage.phases().stream()
              .mapToDouble(
                  phase ->
                      result
                          .median(function.name(), plan, cold, start -> start.phase(phase))
                          .orElse(0))
              .sum();
      parts.add(new Part(millis, stage.colour(), stage.label() + ": " + millis(millis)));
    }
    return parts;
  }

  private void speedUps() {
    page.append("<h2>Speed-up over a vanilla restore (file), page cache cold</h2>\n");
    var chart = new BenchChart();
    for (BenchPlan plan : result.plans()) {
      double[] ratios = result.ratios(BenchPlan.FILE, true, plan, true);
      OptionalDouble mean = BenchFigures.geometricMean(ratios);
      if (plan == BenchPlan.FILE || mean.isEmpty()) {
        continue;
      }
      chart.bar(plan.label() + " - " + plan.meaning(), List.of(), "");
      for (BenchFunction function : result.functions()) {
        double[] one = result.ratios(List.of(function), BenchPlan.FILE, true, plan, true);
        if (one.length > 0) {
          chart.bar(function.name(), List.of(new Part(one[0], "#4477aa", "")), times(one[0]));
        }
      }
      chart.bar(
          "geometric mean",
          List.of(new Part(mean.getAsDouble(), "#222222", "")),
          times(mean.getAsDouble()));
    }
    page.append(chart.svg());
  }

  private void faults() {
    page.append(
        "<h2>Working sets, and pages that the guest waited for</h2>\n<table>\n<tr><th>function</th>");
    page.append(
        "<th class=\"n\">set</th><th class=\"n\">pages</th><th class=\"n\">faults, lazy</th>");
    page.append(
        "<th class=\"n\">faults, reap</th><th class=\"n\">fetched</th><th class=\"n\">installed</th></tr>\n");
    for (BenchSet set : result.sets()) {
      row(
          set.function(),
          Times.bytes(set.bytes()),
          Long.toString(set.pages()),
          count(set, BenchPlan.LAZY),
          count(set, BenchPlan.REAP),
          after(set, BenchStart::fetchMillis),
          after(set, BenchStart::installMillis));
    }
    page.append("</table>\n");
  }

  private String count(BenchSet set, BenchPlan plan) {
    OptionalDouble faults = result.median(set.function(), plan, true, BenchStart::demandFaults);
    return faults.isPresent() ? "%.0f".formatted(faults.getAsDouble()) : "-";
  }

  private String after(BenchSet set, java.util.function.ToDoubleFunction<BenchStart> figure) {
    OptionalDouble took = result.median(set.function(), BenchPlan.REAP, true, figure);
    return took.isPresent() ? millis(took.getAsDouble()) : "-";
  }

  private void atOnce() {
    if (result.bursts().isEmpty()) {
      return;
    }
    page.append(
        "<h2>Restores at once</h2>\n<p>Of one snapshot, page cache cold: until all are ready.</p>\n");
    var chart = new BenchChart();
    for (BenchBurst burst : result.bursts()) {
      chart.bar(
          burst.restores() + " by " + burst.plan().label(),
          List.of(
              new Part(
                  burst.wallMillis(),
                  burst.plan() == BenchPlan.REAP ? "#228833" : "#4477aa",
                  burst.cpuMillis() + " ms of CPU time")),
          millis(burst.wallMillis()));
    }
    page.append(chart.svg());
  }

  private void memory() {
    if (result.bursts().isEmpty()) {
      return;
    }
    page.append(
        "<h2>Memory of clones</h2>\n<table>\n<tr><th>restored</th><th class=\"n\">all, shared pages once (PSS)</th>");
    page.append(
        "<th class=\"n\">each</th><th class=\"n\">guest's own, each</th><th class=\"n\">VMM's own, each</th></tr>\n");
    for (BenchBurst burst : result.bursts()) {
      row(
          burst.restores() + " by " + burst.plan().label(),
          Times.bytes(burst.proportionalBytes()),
          Times.bytes(burst.proportionalBytes() / burst.restores()),
          Times.bytes(burst.ownGuestBytes()),
          Times.bytes(burst.ownRestBytes()));
    }
    page.append("</table>\n");
  }

  private void row(String name, String... cells) {
    page.append("<tr><td>").append(escape(name)).append("</td>");
    for (String cell : cells) {
      page.append("<td class=\"n\">").append(escape(cell)).append("</td>");
    }
    page.append("</tr>\n");
  }

  private void method() {
    page.append(
        "<h2>Method</h2>\n<p>Each function is booted, snapshotted after its first answer, and restored once to");
    page.append(
        " record the pages that one input touches. Then functions and plans take turns, round by round, with");
    page.append(
        " another input. Time runs from the request's arrival at the gateway to the first byte of its answer.");
    page.append(
        " Cold: the files of image and snapshot are evicted from the page cache, and mincore says that they");
    page.append(" are gone. Disks may have caches that nothing here can evict.</p>\n<ul>\n");
    for (BenchPlan plan : result.plans()) {
      page.append("<li>%s: %s</li>\n".formatted(escape(plan.label()), escape(plan.meaning())));
    }
    page.append(
        "</ul>\n<p>The rows behind this page are in starts.csv and bursts.csv beside it.</p>\n");
  }

  private static String millis(double millis) {
    return Times.precise(Math.round(millis * 1e6));
  }

  private static String times(double ratio) {
    return String.format(Locale.ROOT, "%.2f×", ratio);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
