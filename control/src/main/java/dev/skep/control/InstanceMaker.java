package dev.skep.control;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Makes the records of new instances: names and the beginning of their phases. */
final class InstanceMaker {
  private static final String ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

  private final Clocks clocks;
  private final RandomGenerator random;

  InstanceMaker(Clocks clocks, RandomGenerator random) {
    this.clocks = clocks;
    this.random = random;
  }

  /** For the revision's waiting request, where there is one: its record begins with its arrival. */
  Instance make(Revision revision, long decidingSinceNanos) {
    Optional<Revision.Waiting> request = revision.waiting;
    long origin = request.map(Revision.Waiting::arrivedNanos).orElse(decidingSinceNanos);
    var phases = new PhaseRecorder(clocks.nanos(), origin);
    phases.enterAt(Phase.QUEUE, origin);
    phases.enterAt(Phase.DECISION, decidingSinceNanos);
    return new Instance(
        name(), revision, "s" + name(), clocks.now(), phases, request.map(Revision.Waiting::ids));
  }

  /** One that an earlier daemon started. */
  Instance adopted(Revision revision, String id, SandboxSpecs.Owner owner) {
    var phases = new PhaseRecorder(clocks.nanos());
    phases.finish();
    return new Instance(
        id, revision, owner.startId(), Instant.parse(owner.createdAt()), phases, Optional.empty());
  }

  private String name() {
    var name = new StringBuilder(10);
    for (int i = 0; i < 10; i++) {
      name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return name.toString();
  }
}
