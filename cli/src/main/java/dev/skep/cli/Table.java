package dev.skep.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Columns as wide as their widest cell, two spaces apart; colour codes take no width. */
final class Table {
  private final List<List<String>> rows = new ArrayList<>();
  private final Terminal terminal;

  Table(Terminal terminal, String... header) {
    this.terminal = terminal;
    if (header.length > 0) {
      rows.add(Arrays.stream(header).map(terminal::bold).toList());
    }
  }

  Table row(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  void print() {
    terminal.print(toString());
  }

  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], width(row.get(i)));
      }
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i)).repeat(' ', widths[i] - width(row.get(i)) + 2);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  static int width(String cell) {
    if (cell.indexOf('\033') < 0) {
      return cell.codePointCount(0, cell.length());
    }
    int width = 0;
    boolean escape = false;
    for (int i = 0; i < cell.length(); i += Character.charCount(cell.codePointAt(i))) {
      int c = cell.codePointAt(i);
      if (c == '\033') {
        escape = true;
      } else if (escape) {
        escape = c != 'm';
      } else {
        width++;
      }
    }
    return width;
  }
}
