package dev.skep.control;

import java.nio.file.Path;
import java.util.Optional;

/** Where the PersistentVolumeClaims of this host keep their files. */
public interface Claims {
  /**
   * The folder of a claim, which is there; empty where there is no such claim. Blocks where it has
   * to be made or mounted first.
   *
   * @throws dev.skep.api.SkepException where it cannot be had
   */
  Optional<Path> folder(String namespace, String name);
}
