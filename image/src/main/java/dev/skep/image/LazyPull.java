package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fetches the tables of contents of an image's layers, and makes of them the image without its
 * content.
 */
final class LazyPull {
  /** Why an image cannot come lazily, though its manifest says so: then it is pulled in full. */
  static final class Unfit extends Exception {
    private Unfit(String message) {
      super(message);
    }
  }

  private record Source(Descriptor layer, TocPlace place, BlobRanges blob) {}

  private final ImageReference pinned;
  private final List<Source> sources;
  private final List<Digest> diffIds;
  private final Blobs blobs;
  private final Images.Progress progress;

  private LazyPull(
      ImageReference pinned,
      List<Source> sources,
      List<Digest> diffIds,
      Blobs blobs,
      Images.Progress progress) {
    this.pinned = pinned;
    this.sources = sources;
    this.diffIds = diffIds;
    this.blobs = blobs;
    this.progress = progress;
  }

  /** Opens blobs of the image's repository. */
  interface Blobs {
    BlobRanges open(Digest digest);

    /** Tables of contents that are in an image of their own: blobs, by the layers they are of. */
    Map<Digest, Descriptor> externalTocs();
  }

  /** Empty where a layer has no table of contents that the manifest vouches for. */
  static Optional<LazyPull> of(
      ImageReference pinned,
      List<Descriptor> layers,
      List<Digest> diffIds,
      Blobs blobs,
      Images.Progress progress) {
    List<Source> sources = new ArrayList<>();
    for (Descriptor layer : layers) {
      Optional<TocPlace> place = TocPlace.of(layer);
      if (place.isEmpty() || layer.size() <= TocPlace.FOOTER_BYTES) {
        return Optional.empty();
      }
      sources.add(new Source(layer, place.get(), blobs.open(layer.digest())));
    }
    return Optional.of(new LazyPull(pinned, sources, diffIds, blobs, progress));
  }

  /**
   * Makes the files of the image in an empty folder, forced to disk.
   *
   * @throws Unfit if a table of contents is not as the manifest says, or the registry cannot send
   *     parts
   */
  void into(LazyFolder folder, long maxBytes) throws IOException, Unfit {
    List<byte[]> tocs = new ArrayList<>();
    long[] ends = new long[sources.size()];
    for (int i = 0; i < ends.length; i++) {
      progress.at("fetch", i, ends.length);
      tocs.add(toc(sources.get(i), ends, i));
    }
    progress.at("write", 0, 0);
    try (ErofsWriter image = ErofsWriter.withoutContent(folder.path(), "image", maxBytes);
        ChunkTable chunks = ChunkTable.create(folder.path(), ends)) {
      for (int i = 0; i < ends.length; i++) {
        apply(image, chunks, i, tocs.set(i, new byte[0]));
      }
      image.finish(Arrays.copyOf(Flattener.key(diffIds).bytes(), 16));
      chunks.write(folder, image::place);
      Files.write(folder.origin(), Json.MAPPER.writeValueAsBytes(origin(chunks.landmarks())));
    }
    for (Path file : folder.all()) {
      ImageFolder.force(file);
    }
  }

  private LazyOrigin origin(long[] landmarks) {
    List<LazyOrigin.Source> layers = new ArrayList<>();
    for (int i = 0; i < landmarks.length; i++) {
      Descriptor layer = sources.get(i).layer;
      layers.add(new LazyOrigin.Source(layer.digest().toString(), layer.size(), landmarks[i]));
    }
    return new LazyOrigin(LazyOrigin.VERSION, pinned.toString(), layers);
  }

  /** Its compressed bytes; notes where the content before it ends. */
  private byte[] toc(Source source, long[] ends, int layer) throws Unfit {
    long size = source.layer.size();
    try {
      byte[] toc =
          switch (source.place) {
            case TocPlace.Estargz _ -> {
              long footer = size - TocPlace.FOOTER_BYTES;
              byte[] last = read(source, footer, TocPlace.FOOTER_BYTES);
              if (TocPlace.isExternal(last)) {
                ends[layer] = size - TocPlace.EXTERNAL_FOOTER_BYTES;
                yield external(source);
              }
              long offset = TocPlace.offset(last);
              ends[layer] = offset;
              yield read(source, offset, footer - offset);
            }
            case TocPlace.ZstdChunked(_, long offset, int bytes) -> {
              ends[layer] = offset;
              yield read(source, offset, bytes);
            }
          };
      if (source.blob.rangesIgnored()) {
        throw new Unfit("the registry sends no parts of layers");
      }
      return toc;
    } catch (SkepException e) {
      if (e.code() != SkepException.Code.INVALID) {
        throw e;
      }
      throw unfit(source, e);
    }
  }

  /** Not verified: what is in it must sum to what the layer's own manifest says. */
  private byte[] external(Source source) {
    Descriptor toc = blobs.externalTocs().get(source.layer.digest());
    if (toc == null) {
      throw Invalid.image(
          "its table of contents is in another image, and there is none with it (expected: TAG%s)"
              .formatted(TocPlace.EXTERNAL_TAG));
    }
    return read(new Source(toc, source.place, blobs.open(toc.digest())), 0, toc.size());
  }

  private static byte[] read(Source source, long offset, long bytes) {
    if (offset < 0 || bytes <= 0 || offset + bytes > source.layer.size()) {
      throw Invalid.image("its table of contents is said to be at %d".formatted(offset));
    }
    if (bytes > TocPlace.MAX_COMPRESSED) {
      throw Invalid.image(
          "its table of contents has %d bytes, at most %d are read"
              .formatted(bytes, TocPlace.MAX_COMPRESSED));
    }
    return source.blob.read(offset, (int) bytes);
  }

  private void apply(ErofsWriter image, ChunkTable chunks, int layer, byte[] toc)
      throws IOException, Unfit {
    Source source = sources.get(layer);
    try (InputStream document = document(source.place, toc)) {
      DigestingStream sum = new DigestingStream(document);
      try (TocReader entries = TocReader.open(new BufferedInputStream(sum), chunks, layer)) {
        image.apply(entries);
        sum.drain();
      }
      if (source.place instanceof TocPlace.Estargz(Digest expected)
          && !sum.digest().equals(expected)) {
        throw Invalid.image(
            "its table of contents sums to %s, the manifest says %s"
                .formatted(sum.digest(), expected));
      }
    } catch (EOFException e) {
      throw unfit(source, e);
    } catch (SkepException e) {
      if (e.code() != SkepException.Code.INVALID) {
        throw e;
      }
      throw unfit(source, e);
    }
  }

  private static InputStream document(TocPlace place, byte[] toc) throws IOException {
    return switch (place) {
      case TocPlace.Estargz _ -> TocPlace.json(toc);
      case TocPlace.ZstdChunked(Digest expected, _, _) -> {
        Digest found = Digest.of(toc);
        if (!found.equals(expected)) {
          throw Invalid.image(
              "its table of contents sums to %s, the manifest says %s".formatted(found, expected));
        }
        yield Compression.ZSTD.decompress(new ByteArrayInputStream(toc));
      }
    };
  }

  private static Unfit unfit(Source source, Exception why) {
    return new Unfit("layer " + source.layer.digest() + ": " + why.getMessage());
  }
}
