package dev.skep.image;

/** Sums what the flattener has read, and tells now and then. */
final class WriteMeter implements Flattener.Meter {
  private static final long STEP = 1 << 20;

  private final Images.Progress progress;
  private final long total;
  private long done;
  private long told;

  WriteMeter(Images.Progress progress, long total) {
    this.progress = progress;
    this.total = total;
  }

  @Override
  public void read(long bytes) {
    done += bytes;
    if (done - told >= STEP) {
      told = done;
      progress.at("write", done, total);
    }
  }
}
