package dev.skep.workload;

import dev.skep.api.DeploymentSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The next step towards the pods that a Deployment asks for; pure.
 *
 * @param create pods of the template as it is now
 * @param end names of pods
 */
record Rollout(int create, List<String> end) {
  /**
   * One of its pods.
   *
   * @param current whether it is of the template as it is now
   * @param ending whether it has been told to end
   */
  record Member(String name, boolean current, boolean ready, boolean ending, Instant createdAt) {}

  /** Of no use yet first, then the youngest. */
  private static final Comparator<Member> LEAST_USEFUL =
      Comparator.comparing(Member::ready)
          .thenComparing(Comparator.comparing(Member::createdAt).reversed())
          .thenComparing(Member::name);

  static Rollout plan(DeploymentSpec spec, List<Member> members) {
    List<Member> living = members.stream().filter(member -> !member.ending()).toList();
    List<Member> current = living.stream().filter(Member::current).toList();
    List<Member> old = living.stream().filter(member -> !member.current()).toList();
    if (spec.recreate()) {
      boolean cleared = members.stream().allMatch(Member::current);
      return new Rollout(
          cleared ? Math.max(0, spec.replicas() - current.size()) : 0,
          names(Stream.concat(old.stream(), surplus(current, spec.replicas()))));
    }
    int room = spec.replicas() + spec.maxSurge() - living.size();
    int missing = spec.replicas() - current.size();
    return new Rollout(
        Math.max(0, old.isEmpty() ? missing : Math.min(missing, room)),
        names(Stream.concat(superseded(spec, living, old), surplus(current, spec.replicas()))));
  }

  /** Old ones that serve nobody, and of the others as many as may be missing. */
  private static Stream<Member> superseded(
      DeploymentSpec spec, List<Member> living, List<Member> old) {
    long ready = living.stream().filter(Member::ready).count();
    long spare = Math.max(0, ready - (spec.replicas() - spec.maxUnavailable()));
    return Stream.concat(
        old.stream().filter(member -> !member.ready()),
        old.stream().filter(Member::ready).sorted(LEAST_USEFUL).limit(spare));
  }

  private static Stream<Member> surplus(List<Member> current, int replicas) {
    return current.stream().sorted(LEAST_USEFUL).limit(Math.max(0, current.size() - replicas));
  }

  private static List<String> names(Stream<Member> members) {
    return new ArrayList<>(members.map(Member::name).toList());
  }
}
