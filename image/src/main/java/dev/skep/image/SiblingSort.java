package dev.skep.image;

/** Sorts the children of a directory by name: a merge sort of the list in place, however long. */
final class SiblingSort {
  private final FileTree tree;
  private int mergedTail;

  SiblingSort(FileTree tree) {
    this.tree = tree;
  }

  void children(int directory) {
    int list = tree.firstChild(directory);
    int runs = 2;
    for (int width = 1; runs > 1; width *= 2) {
      runs = 0;
      int rest = list;
      int tail = 0;
      list = 0;
      while (rest != 0) {
        int left = rest;
        int right = cut(left, width);
        rest = cut(right, width);
        int head = merge(left, right);
        if (tail == 0) {
          list = head;
        } else {
          tree.next(tail, head);
        }
        tail = mergedTail;
        runs++;
      }
    }
    tree.firstChild(directory, list);
  }

  /** Ends the list after so many nodes; the rest of it, 0 if none. */
  private int cut(int list, int count) {
    int node = list;
    for (int i = 1; i < count && node != 0; i++) {
      node = tree.next(node);
    }
    if (node == 0) {
      return 0;
    }
    int rest = tree.next(node);
    tree.next(node, 0);
    return rest;
  }

  /** The head of both lists merged; neither needs to have a node. */
  private int merge(int left, int right) {
    int head = 0;
    int tail = 0;
    int a = left;
    int b = right;
    while (a != 0 || b != 0) {
      int take;
      if (b == 0 || (a != 0 && tree.isBefore(a, b))) {
        take = a;
        a = tree.next(a);
      } else {
        take = b;
        b = tree.next(b);
      }
      if (tail == 0) {
        head = take;
      } else {
        tree.next(tail, take);
      }
      tail = take;
    }
    mergedTail = tail;
    return head;
  }
}
