package dev.skep.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Writes an image of so many files into a folder: run it with the heap that must do. */
public final class ManyFiles {
  private ManyFiles() {}

  /** Arguments: a folder, the number of files. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int files = Integer.parseInt(arguments[1]);
    Layer layer =
        new Layer(
            "layer", Optional.empty(), Optional.empty(), -1, () -> new SyntheticTar(files, 10));
    long start = System.nanoTime();
    new Flattener(folder, 1L << 40, _ -> {}).flatten("many", Found.layersOf(List.of(layer, layer)));
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "%d files, written twice: %.1f s, %d MB image, heap at most %d MB%n",
        files,
        seconds,
        Files.size(folder.resolve("many")) >> 20,
        Runtime.getRuntime().maxMemory() >> 20);
  }
}
