package dev.skep.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * The parts of a cold start, in their usual order. The names are the field's (the union of what
 * vHive, FaaSnap, Dirigent and Huawei report); {@code guest.boot} and {@code guest.init} are ours,
 * for starts that boot a kernel.
 */
public enum Phase {
  /** The request waits for the start to be ordered. */
  QUEUE("lb.queue", "request waits at the gateway"),
  DECISION("autoscale.decision", "policy decides how many instances"),
  PLACEMENT("placement", "a place and a start plan are chosen"),
  IMAGE_FETCH("image.fetch", "image is pulled and flattened, if it is not here"),
  NET_SETUP("net.setup", "network namespace, tap and addresses"),
  SANDBOX_CREATE("sandbox.create", "folder, cgroup and VMM process"),
  GUEST_BOOT("guest.boot", "guest kernel boots until the agent runs"),
  GUEST_INIT("guest.init", "agent mounts, configures and starts the process"),
  SNAPSHOT_FIND("snapshot.find", "a matching snapshot is looked up"),
  SNAPSHOT_LOAD("snapshot.load", "VMM loads the snapshot's state"),
  SNAPSHOT_RESUME("snapshot.resume", "virtual CPUs run again"),
  RUNTIME_INIT("runtime.init", "process starts until the readiness probe passes"),
  CONNECT("conn.restore", "agent channel is opened again"),
  READINESS("readiness", "readiness is confirmed and reported"),
  PROPAGATE("propagate", "the gateway learns of the instance"),
  EXEC("exec", "the function handles the request that waited"),
  RESPONSE_WRITE("resp.write", "the rest of the response is delivered"),
  OTHER("other", "not attributed to any phase");

  private final String label;
  private final String meaning;

  Phase(String label, String meaning) {
    this.label = label;
    this.meaning = meaning;
  }

  /** The name in records, metrics and reports. */
  @JsonValue
  public String label() {
    return label;
  }

  /** One line for people. */
  public String meaning() {
    return meaning;
  }
}
