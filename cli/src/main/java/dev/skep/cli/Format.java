package dev.skep.cli;

/** How results are printed; the names are those of {@code -o}. */
enum Format {
  table,
  json,
  yaml
}
