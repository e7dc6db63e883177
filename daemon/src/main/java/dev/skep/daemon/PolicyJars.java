package dev.skep.daemon;

import dev.skep.policy.ScalingPolicies;
import dev.skep.policy.ScalingPolicy;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scaling policies of one's own: each jar has a class loader of its own, which stays open as long
 * as the daemon runs. A jar that cannot be used is an error in the log and nothing more; revisions
 * that name its policies are scaled by Knative's and say so.
 */
final class PolicyJars {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyJars.class);

  private PolicyJars() {}

  /** Those that come with Skep and those of the jars; names that are taken are not given again. */
  static ScalingPolicies withThoseOf(List<String> jars) {
    var found = new ArrayList<ScalingPolicy>();
    jars.forEach(jar -> found.addAll(load(Path.of(jar))));
    return ScalingPolicies.BUILT_IN.and(found);
  }

  private static List<ScalingPolicy> load(Path jar) {
    if (!Files.isReadable(jar)) {
      LOG.error("scaling.jars: {}: no such file (expected: a jar with scaling policies)", jar);
      return List.of();
    }
    var policies = new ArrayList<ScalingPolicy>();
    try {
      var loader =
          new URLClassLoader(
              "policies of " + jar,
              new URL[] {jar.toUri().toURL()},
              ScalingPolicy.class.getClassLoader());
      for (ScalingPolicy policy : ServiceLoader.load(ScalingPolicy.class, loader)) {
        LOG.info("scaling policy {} of {}", policy.name(), jar);
        policies.add(policy);
      }
    } catch (MalformedURLException
        | ServiceConfigurationError
        | LinkageError
        | RuntimeException e) {
      LOG.error("scaling.jars: {}: its policies cannot be used: {}", jar, e.toString());
    }
    if (policies.isEmpty()) {
      LOG.error(
          "scaling.jars: {}: no policy (expected: META-INF/services/{} that names one)",
          jar,
          ScalingPolicy.class.getName());
    }
    return List.copyOf(policies);
  }
}
