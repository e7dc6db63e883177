package dev.skep.control;

import dev.skep.sandbox.StartFailure;
import java.util.List;
import java.util.Optional;

/** Knative's {@code Ready} condition of a revision; pure. */
final class RevisionReport {
  private static final int LINES = 5;
  private static final int LONGEST = 4096;

  private RevisionReport() {}

  static Condition of(Revision revision) {
    return switch (revision.deployment) {
      case Deployment.Fetching(String progress) -> Condition.unknown("ResolvingDigests", progress);
      case Deployment.Starting() -> Condition.unknown("Deploying", starting(revision));
      case Deployment.Failed(StartFailure failure) -> failed(failure);
      case Deployment.Ready() ->
          revision.failure().map(RevisionReport::failed).orElse(Condition.TRUE);
    };
  }

  private static String starting(Revision revision) {
    return "%d of %d first instances ready; the next is ready once %s"
        .formatted(
            revision.count(Instance.State.READY),
            revision.initialScale(),
            "its readiness probe passes (port " + revision.spec.port() + ")");
  }

  static Condition failed(StartFailure failure) {
    return Condition.no(reason(failure), message(failure));
  }

  static String reason(StartFailure failure) {
    return switch (failure.reason()) {
      case IMAGE -> "ContainerMissing";
      case RESOURCES -> "Unschedulable";
      case HOST -> "SandboxFailed";
      case BOOT_TIMEOUT -> "BootTimeout";
      case CONFIGURATION -> "CreateContainerConfigError";
      case COMMAND_NOT_FOUND -> "ContainerCannotRun";
      case GUEST_EXIT ->
          failure.exitCode().isPresent()
              ? "ExitCode" + failure.exitCode().getAsInt()
              : "SandboxFailed";
      case OUT_OF_MEMORY -> "OOMKilled";
      case PROBE_TIMEOUT -> "ProgressDeadlineExceeded";
      case CANCELLED -> "Cancelled";
    };
  }

  private static String message(StartFailure failure) {
    String text =
        switch (failure.reason()) {
          case GUEST_EXIT, OUT_OF_MEMORY -> "Container failed with: " + failure.message();
          case PROBE_TIMEOUT -> "Initial scale was never achieved: " + failure.message();
          case IMAGE, RESOURCES, HOST, BOOT_TIMEOUT, CONFIGURATION, COMMAND_NOT_FOUND, CANCELLED ->
              failure.message();
        };
    return shortened(text + lastLines(failure.lastOutput()).map(lines -> "\n" + lines).orElse(""));
  }

  private static Optional<String> lastLines(List<String> output) {
    return output.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.join("\n", output.subList(Math.max(0, output.size() - LINES), output.size())));
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 3) + "...";
  }
}
