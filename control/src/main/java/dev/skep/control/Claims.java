package dev.skep.control;

import dev.skep.api.InstanceField;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.api.Volume;
import java.nio.file.Path;
import java.util.Optional;

/** What a volume may be that this host keeps or makes: a claim's folder, a token. */
public interface Claims {
  /**
   * The folder of a claim, which is there; empty where there is no such claim. Blocks where it has
   * to be made or mounted first.
   *
   * @throws dev.skep.api.SkepException where it cannot be had
   */
  Optional<Path> folder(String namespace, String name);

  /** A token that says who its owner is; fails with UNSUPPORTED where none are made. */
  default String token(Volume.Token wanted, InstanceField.Instance owner) {
    throw new SkepException(Code.UNSUPPORTED, "tokens of service accounts are not made here");
  }
}
