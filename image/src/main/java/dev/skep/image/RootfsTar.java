package dev.skep.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A tar of a root file system, taken as an image of one layer. */
final class RootfsTar {
  private RootfsTar() {}

  static Found find(Path tar, ImageConfig config) throws IOException {
    Layer layer =
        new Layer(
            tar.toString(),
            Optional.empty(),
            Optional.empty(),
            Files.size(tar),
            () -> Files.newInputStream(tar));
    return new Found(
        Optional.empty(),
        Optional.empty(),
        config,
        Optional.empty(),
        Optional.empty(),
        Found.layersOf(List.of(layer)));
  }
}
