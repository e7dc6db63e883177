package dev.skep.snapshot.pager;

import java.util.Arrays;

/** Notes pages in the order in which they are touched, until it is stopped. Thread-safe. */
final class TouchedPages {
  private static final int FIRST_CAPACITY = 4096;

  private boolean noting;
  private int[] pages;
  private int count;

  TouchedPages(boolean noting) {
    this.noting = noting;
    this.pages = new int[noting ? FIRST_CAPACITY : 0];
  }

  synchronized void add(int page) {
    if (!noting) {
      return;
    }
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, count * 2);
    }
    pages[count++] = page;
  }

  synchronized boolean noting() {
    return noting;
  }

  /** What was touched until now. */
  synchronized int[] all() {
    return Arrays.copyOf(pages, count);
  }

  /** Notes no more, and forgets. */
  synchronized void stop() {
    noting = false;
    count = 0;
    pages = new int[0];
  }
}
