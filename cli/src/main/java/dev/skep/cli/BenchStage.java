package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.Arrays;
import java.util.List;

/** Phases that belong together, as the report colours them. */
enum BenchStage {
  DECIDE("decide", "#9aa5b1"),
  FIND("image, snapshot, network", "#6b7785"),
  VMM("VMM process and state", "#4477aa"),
  KERNEL("guest kernel and agent", "#aa3377"),
  PROCESS("process until ready", "#ee6677"),
  CONNECT("resume and connect", "#66ccee"),
  EXEC("function", "#228833"),
  RESPONSE("rest of the response", "#88cc99");

  private final String label;
  private final String colour;

  BenchStage(String label, String colour) {
    this.label = label;
    this.colour = colour;
  }

  String label() {
    return label;
  }

  String colour() {
    return colour;
  }

  List<Phase> phases() {
    return Arrays.stream(Phase.values()).filter(phase -> of(phase) == this).toList();
  }

  private static BenchStage of(Phase phase) {
    return switch (phase) {
      case QUEUE, DECISION, PLACEMENT, OTHER -> DECIDE;
      case IMAGE_FETCH, SNAPSHOT_FIND, NET_SETUP -> FIND;
      case SANDBOX_CREATE, SNAPSHOT_LOAD -> VMM;
      case GUEST_BOOT, GUEST_INIT -> KERNEL;
      case RUNTIME_INIT -> PROCESS;
      case SNAPSHOT_RESUME, CONNECT, READINESS, PROPAGATE -> CONNECT;
      case EXEC -> EXEC;
      case RESPONSE_WRITE -> RESPONSE;
    };
  }
}
