package dev.skep.snapshot.pager;

/** Pages that are waited for, first come, first served. Grows, but does not allocate otherwise. */
final class PageQueue {
  private int[] pages = new int[64]; // a power of two
  private int head;
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void add(int page) {
    if (size == pages.length) {
      grow();
    }
    pages[(head + size++) & (pages.length - 1)] = page;
  }

  int remove() {
    int page = pages[head];
    head = (head + 1) & (pages.length - 1);
    size--;
    return page;
  }

  private void grow() {
    var larger = new int[pages.length * 2];
    for (int i = 0; i < size; i++) {
      larger[i] = pages[(head + i) & (pages.length - 1)];
    }
    pages = larger;
    head = 0;
  }
}
