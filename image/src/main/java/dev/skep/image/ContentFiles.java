package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Files by path: a folder, or an archive of one. Paths come from images and cannot leave it. */
interface ContentFiles extends Closeable {
  /** Documents larger than this are refused. */
  int MAX_DOCUMENT = 8 << 20;

  /**
   * Opens a folder or an archive.
   *
   * @param work a folder for what has to be unpacked
   */
  static ContentFiles open(Path path, Path work) throws IOException {
    if (Files.isDirectory(path)) {
      return new FolderFiles(path);
    }
    if (Files.isRegularFile(path)) {
      return ArchiveFiles.open(path, work);
    }
    throw new SkepException(
        SkepException.Code.NOT_FOUND,
        path + ": no such file or folder; expected an OCI layout or an archive");
  }

  /** The image in the files; the one of that name where there are several. */
  static Found find(ContentFiles files, Optional<ImageReference> wanted, Platform platform)
      throws IOException {
    if (DockerArchive.isIn(files)) {
      return new DockerArchive(files, platform).find(wanted);
    }
    if (OciLayout.isIn(files)) {
      return new OciLayout(files, platform).find(wanted);
    }
    throw Invalid.image(
        files.name()
            + ": has neither 'index.json' (OCI layout) nor 'manifest.json' (docker save); a tar of"
            + " a root file system is taken by 'skep image import'");
  }

  /** What it is, for messages. */
  String name();

  /** Bytes of a file; empty when there is no such file. */
  Optional<Long> size(String path) throws IOException;

  InputStream open(String path) throws IOException;

  /** A whole small file. */
  default byte[] document(String path) throws IOException {
    long size = size(path).orElseThrow(() -> missing(path));
    if (size > MAX_DOCUMENT) {
      throw Invalid.image(
          "%s: %s has %d bytes, at most %d are read".formatted(name(), path, size, MAX_DOCUMENT));
    }
    try (InputStream in = open(path)) {
      return in.readNBytes((int) size);
    }
  }

  default SkepException missing(String path) {
    return Invalid.image(name() + ": has no file " + Printable.of(path));
  }
}
