package dev.skep.control;

import java.nio.file.Path;
import java.util.Optional;

/** Where the PersistentVolumeClaims of this host keep their files. */
public interface Claims {
  /** The folder of a claim, which is there; empty where there is no such claim, or none bound. */
  Optional<Path> folder(String namespace, String name);
}
