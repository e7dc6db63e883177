package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.InstanceField;
import dev.skep.api.Volume;
import dev.skep.control.Claims;
import dev.skep.control.ServiceAccountTokens;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where bound claims have their files, and who makes tokens.
 *
 * @param root of all files: only its owner gets past it
 */
public record Volumes(ResourceStore store, Path root, ServiceAccountTokens tokens)
    implements Claims {
  /** Below the state folder of a daemon. */
  public static Volumes in(Path state, ResourceStore store, ServiceAccountTokens tokens) {
    return new Volumes(store, state.resolve("volumes"), tokens);
  }

  /** Of a claim, whether it is there or not: one that is made again has another. */
  static Path folder(Path root, ApiObject claim) {
    return root.resolve(claim.namespace()).resolve(claim.name() + "-" + claim.uid());
  }

  @Override
  public Optional<Path> folder(String namespace, String name) {
    return store
        .get(ResourceKind.CLAIM, namespace, name)
        .filter(claim -> claim.status().path("phase").asString("").equals("Bound"))
        .map(claim -> folder(root, claim));
  }

  @Override
  public String token(Volume.Token wanted, InstanceField.Instance owner) {
    return tokens.issue(wanted, owner);
  }
}
