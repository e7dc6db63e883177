package dev.skep.testkit;

import dev.skep.api.SkepAnnotations;
import dev.skep.policy.AutoscalerConfig;
import dev.skep.policy.ScalingPolicies;
import dev.skep.policy.ScalingPolicy;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** All policies that come with Skep pass the kit. */
final class BuiltInPoliciesTest {
  private static ScalingPolicy policy(String name) {
    return ScalingPolicies.BUILT_IN.of(
        Map.of(ScalingPolicies.CLASS, name), AutoscalerConfig.DEFAULTS);
  }

  @Nested
  final class Knative extends ScalingPolicyTestKit {
    @Override
    protected ScalingPolicy policy() {
      return BuiltInPoliciesTest.policy(ScalingPolicies.KNATIVE);
    }
  }

  @Nested
  final class Waiting extends ScalingPolicyTestKit {
    @Override
    protected ScalingPolicy policy() {
      return BuiltInPoliciesTest.policy(ScalingPolicies.WAITING);
    }
  }

  @Nested
  final class KeepAlive extends ScalingPolicyTestKit {
    @Override
    protected ScalingPolicy policy() {
      return BuiltInPoliciesTest.policy(ScalingPolicies.KEEP_ALIVE);
    }

    @Override
    protected Map<String, String> annotations() {
      return Map.of(SkepAnnotations.KEEP_ALIVE, "7m");
    }
  }

  @Nested
  final class Histogram extends ScalingPolicyTestKit {
    @Override
    protected ScalingPolicy policy() {
      return BuiltInPoliciesTest.policy(ScalingPolicies.HISTOGRAM);
    }
  }

  @Nested
  final class Schedule extends ScalingPolicyTestKit {
    @Override
    protected ScalingPolicy policy() {
      return BuiltInPoliciesTest.policy(ScalingPolicies.SCHEDULE);
    }

    @Override
    protected Map<String, String> annotations() {
      return Map.of(SkepAnnotations.PRE_WARM, "08:00-09:00 4");
    }
  }
}
