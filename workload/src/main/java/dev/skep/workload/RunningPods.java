package dev.skep.workload;

import dev.skep.sandbox.Sandbox;
import java.util.Optional;

/** The sandboxes of the pods that run. Safe for use by any thread. */
public interface RunningPods {
  /** Empty while it is starting, waits for another try, or is gone. */
  Optional<Sandbox> find(String namespace, String pod);
}
