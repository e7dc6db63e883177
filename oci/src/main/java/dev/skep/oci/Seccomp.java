package dev.skep.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which system calls a container may make ({@code linux.seccomp} of the OCI runtime specification).
 * The components are named as there.
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Seccomp(
    String defaultAction, int defaultErrnoRet, List<String> architectures, List<Rule> syscalls) {
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final int AF_VSOCK = 40;

  /** Of all kinds but time, which came after clone had no bits left. */
  private static final long NEW_NAMESPACES = 0x7e02_0000L;

  /** Linux, with 16-bit file offsets, of 32 bits, both; and the question which one it is. */
  private static final List<Long> PERSONALITIES =
      List.of(0L, 8L, 0x2_0000L, 0x2_0008L, 0xffff_ffffL);

  /** By the machine's name in Java: the machine, and what else its kernel runs. */
  private static final Map<String, List<String>> ARCHITECTURES =
      Map.of(
          "amd64", List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
          "aarch64", List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"));

  /** For calls of these names, if all arguments are so. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Rule(
      List<String> names, String action, Optional<Integer> errnoRet, List<Argument> args) {
    private static Rule allow(List<String> names, Argument... args) {
      return new Rule(names, "SCMP_ACT_ALLOW", Optional.empty(), List.of(args));
    }
  }

  /** One argument of a call: {@code value} is the mask where {@code op} masks. */
  public record Argument(int index, long value, long valueTwo, String op) {}

  /**
   * What Docker and containerd give a container that asks for nothing, with the capabilities that
   * Skep's have: see {@link SeccompCalls}. All else is refused with EPERM.
   *
   * @throws SkepException UNSUPPORTED on a machine whose system calls are not known
   */
  public static Seccomp ofContainers() {
    String machine = System.getProperty("os.arch");
    List<String> architectures =
        Optional.ofNullable(ARCHITECTURES.get(machine))
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.UNSUPPORTED,
                        "containers on %s: no seccomp profile (expected: one of %s)"
                            .formatted(machine, ARCHITECTURES.keySet())));
    return new Seccomp("SCMP_ACT_ERRNO", EPERM, architectures, rules());
  }

  private static List<Rule> rules() {
    var rules = new ArrayList<Rule>();
    rules.add(Rule.allow(SeccompCalls.ALLOWED));
    for (long personality : PERSONALITIES) {
      rules.add(Rule.allow(List.of("personality"), new Argument(0, personality, 0, "SCMP_CMP_EQ")));
    }
    // the host's side of a virtual machine is no matter of a container's
    rules.add(Rule.allow(List.of("socket"), new Argument(0, AF_VSOCK, 0, "SCMP_CMP_NE")));
    rules.add(
        Rule.allow(List.of("clone"), new Argument(0, NEW_NAMESPACES, 0, "SCMP_CMP_MASKED_EQ")));
    // its flags are in memory, where no filter looks: C libraries then take clone
    rules.add(new Rule(List.of("clone3"), "SCMP_ACT_ERRNO", Optional.of(ENOSYS), List.of()));
    return List.copyOf(rules);
  }
}
