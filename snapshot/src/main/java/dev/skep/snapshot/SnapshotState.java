package dev.skep.snapshot;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a snapshot in the store can be used for. */
public enum SnapshotState {
  /** Can be restored; nobody knows yet which pages a start needs. */
  READY,
  /** Has a working set too. */
  RECORDED,
  /** No new restores: its files go with the last lease. */
  RETIRED;

  /** In lower case, as users see it. */
  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
