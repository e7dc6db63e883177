package dev.skep.sandbox;

/** In characters; 0 where it is not known. More than a terminal can have is cut. */
public record TerminalSize(int columns, int rows) {
  private static final int MOST = 0xffff;

  public TerminalSize {
    columns = Math.clamp(columns, 0, MOST);
    rows = Math.clamp(rows, 0, MOST);
  }
}
