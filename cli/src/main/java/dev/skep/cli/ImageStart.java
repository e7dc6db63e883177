package dev.skep.cli;

/**
 * One start of a function whose image was not on the host: a row of {@code images.csv}.
 *
 * @param megabits per second of the link
 * @param pullMillis until the image could be started
 * @param answerMillis from the beginning of the pull to the first answer
 * @param fetchedBytes that had come over the link when it was there
 * @param imageBytes of the image's layers, as the registry has them
 */
record ImageStart(
    int megabits,
    Way way,
    int round,
    double pullMillis,
    double answerMillis,
    long fetchedBytes,
    long imageBytes) {
  static final String HEADER =
      "megabits,way,round,pull_ms,first_answer_ms,fetched_bytes,image_bytes\n";

  /** How the image comes. */
  enum Way {
    FULL("full", "an ordinary image: all of it before the start"),
    LAZY("lazy", "eStargz, as it is read: the first start of an image"),
    LISTED("list", "eStargz, with the list of an earlier start");

    private final String label;
    private final String meaning;

    Way(String label, String meaning) {
      this.label = label;
      this.meaning = meaning;
    }

    String label() {
      return label;
    }

    /** One line for people. */
    String meaning() {
      return meaning;
    }
  }

  String csv() {
    return "%d,%s,%d,%.1f,%.1f,%d,%d\n"
        .formatted(megabits, way.label, round, pullMillis, answerMillis, fetchedBytes, imageBytes);
  }
}
