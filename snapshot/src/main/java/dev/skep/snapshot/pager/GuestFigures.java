package dev.skep.snapshot.pager;

import java.util.concurrent.atomic.AtomicLong;

/** What is counted for one guest: written by its thread, read by any. */
final class GuestFigures {
  private final AtomicLong installedBytes = new AtomicLong();
  private final AtomicLong fetchNanos = new AtomicLong();
  private final AtomicLong installNanos = new AtomicLong();
  private final AtomicLong faults = new AtomicLong();
  private final AtomicLong faultNanos = new AtomicLong();

  void fetched(long nanos) {
    fetchNanos.set(nanos);
  }

  void installed(long bytes, long nanos) {
    installedBytes.set(bytes);
    installNanos.set(nanos);
  }

  void fault(long nanos) {
    faults.lazySet(faults.getPlain() + 1);
    faultNanos.lazySet(faultNanos.getPlain() + nanos);
  }

  long installedBytes() {
    return installedBytes.get();
  }

  long fetchMicros() {
    return fetchNanos.get() / 1000;
  }

  long installMicros() {
    return installNanos.get() / 1000;
  }

  long faults() {
    return faults.get();
  }

  long meanFaultNanos() {
    return faults.get() == 0 ? 0 : faultNanos.get() / faults.get();
  }
}
