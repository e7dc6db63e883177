package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Horizontal bars of one or several parts, as inline SVG. */
final class BenchChart {
  private static final int WIDTH = 860;
  private static final int LABELS = 190;
  private static final int ROW = 17;
  private static final int VALUE_ROOM = 90;

  /** A stretch of a bar; the title shows on hovering. */
  record Part(double value, String colour, String title) {}

  private record Bar(String label, List<Part> parts, String value) {
    double length() {
      return parts.stream().mapToDouble(Part::value).sum();
    }
  }

  private final List<Bar> bars = new ArrayList<>();

  /** Appends a bar; one without parts is a heading. */
  BenchChart bar(String label, List<Part> parts, String value) {
    bars.add(new Bar(label, List.copyOf(parts), value));
    return this;
  }

  String svg() {
    double longest = bars.stream().mapToDouble(Bar::length).max().orElse(1);
    double scale = (WIDTH - LABELS - VALUE_ROOM) / Math.max(longest, 1e-9);
    int height = bars.size() * ROW + 6;
    var svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n"
            .formatted(WIDTH, height, WIDTH, height));
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, bars.get(i), i * ROW, scale);
    }
    return svg.append("</svg>\n").toString();
  }

  private static void draw(StringBuilder svg, Bar bar, int top, double scale) {
    if (bar.parts().isEmpty()) {
      text(svg, "head", 0, top + 13, bar.label());
      return;
    }
    text(svg, "label", LABELS - 8, top + 13, bar.label());
    double from = LABELS;
    for (Part part : bar.parts()) {
      double width = part.value() * scale;
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"13\" fill=\"%s\"><title>%s</title></rect>%n",
              from,
              top + 2,
              width,
              part.colour(),
              BenchPage.escape(part.title())));
      from += width;
    }
    text(svg, "value", from + 5, top + 13, bar.value());
  }

  private static void text(StringBuilder svg, String kind, double x, int y, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text class=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>%n",
            kind,
            x,
            y,
            BenchPage.escape(text)));
  }
}
