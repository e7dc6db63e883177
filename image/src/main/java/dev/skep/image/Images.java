package dev.skep.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The images of this host. A half-written image is never visible; two callers that want the same
 * image share one pull. Failures are {@link dev.skep.api.SkepException} with a message that names
 * the image, what was found and what was expected.
 */
public interface Images {
  /** Told how a pull goes; called often, from any thread. */
  interface Progress {
    /**
     * @param step {@code resolve}, {@code fetch} or {@code write}
     * @param totalBytes 0 while unknown
     */
    void at(String step, long doneBytes, long totalBytes);

    /** Ignores it all. */
    Progress NONE = (_, _, _) -> {};
  }

  /**
   * The image if it is here; otherwise pulled from its registry and flattened. A tag that is here
   * is not asked for again.
   */
  Image ensure(String reference, Progress progress);

  /** Asks the registry again, and pulls what has changed. */
  Image pull(String reference, Progress progress);

  Optional<Image> find(String reference);

  List<Image> list();

  /**
   * Removes a name and, with its last name, the image. Images that run now stay readable to those
   * who have them open.
   */
  void remove(String reference);

  /** Reads an OCI layout folder or a {@code docker save} archive. */
  Image load(Path layoutOrArchive, String reference, Progress progress);

  /** Makes an image of a tar of a root file system and a config. */
  Image importRootfs(Path tar, String reference, ImageConfig config, Progress progress);
}
