package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.telemetry.RequestIds;
import java.util.function.Supplier;

/** From event loops to the control thread; many requests of one revision are one message. */
final class LoopListener implements DataPlaneListener {
  private record Parked(RevisionKey revision) {}

  private record Unreachable(String instance) {}

  private final Mailbox mailbox;
  private final Supplier<ControlLoop> loop;

  LoopListener(Mailbox mailbox, Supplier<ControlLoop> loop) {
    this.mailbox = mailbox;
    this.loop = loop;
  }

  @Override
  public void parked(RevisionKey revision, RequestIds ids, long arrivedNanos) {
    mailbox.postOnce(new Parked(revision), () -> loop.get().parked(revision, ids, arrivedNanos));
  }

  /** Joined on the caller's thread: it takes microseconds. */
  @Override
  public void served(Served served) {
    loop.get().served(served);
  }

  @Override
  public void unreachable(RevisionKey revision, String instance, String cause) {
    mailbox.postOnce(
        new Unreachable(instance), () -> loop.get().unreachable(revision, instance, cause));
  }
}
