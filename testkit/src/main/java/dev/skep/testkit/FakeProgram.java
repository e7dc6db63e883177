package dev.skep.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The commands that every fake image contains; any other is not found in it. */
public enum FakeProgram {
  /** Serves HTTP; ends at SIGTERM. */
  SERVE,
  /** Serves HTTP, ignores SIGTERM. */
  STUBBORN,
  /** {@code crash CODE}: serves HTTP, and exits with the code after a second. */
  CRASH,
  /** {@code exit CODE LINE...}: prints the lines and exits. */
  EXIT,
  /** Runs, never listens. */
  HANG,
  /** Prints its arguments. */
  ECHO,
  /** Prints what it reads. */
  CAT,
  /** {@code flood BYTES}: so many to stdout, then {@code done} to stderr. */
  FLOOD,
  /** {@code read PATH}: prints a file of its mounts. */
  READ,
  /** {@code write PATH}: copies what it reads to a file of its mounts. */
  WRITE;

  /** Its path in the image. */
  public String path() {
    return "/fake/" + name().toLowerCase(Locale.ROOT);
  }

  /** A command line that runs it. */
  public List<String> with(String... arguments) {
    return Stream.concat(Stream.of(path()), Stream.of(arguments)).toList();
  }

  static Optional<FakeProgram> named(String path) {
    return Arrays.stream(values()).filter(program -> program.path().equals(path)).findFirst();
  }
}
