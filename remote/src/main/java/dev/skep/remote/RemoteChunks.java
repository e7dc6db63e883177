package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.ChunkSource;
import dev.skep.snapshot.SnapshotFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Fetches for the pager: loaded there with the first guest whose memory is not all here. */
public final class RemoteChunks implements ChunkSource.Provider {
  @Override
  public ChunkSource open(Path folder) {
    try {
      Origin origin =
          Origin.read(folder)
              .orElseThrow(
                  () ->
                      new SkepException(
                          Code.INVALID,
                          "%s: no readable %s (expected: where its memory is)"
                              .formatted(folder, SnapshotFiles.ORIGIN)));
      return new Source(new Bucket(origin.location()));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, folder + ": " + e, e);
    }
  }

  private static final class Source implements ChunkSource {
    private final Bucket bucket;
    private final ContentStore objects;

    private Source(Bucket bucket) {
      this.bucket = bucket;
      this.objects = new ContentStore(bucket);
    }

    @Override
    public void fetch(String name, ByteBuffer into) {
      objects.get(new Stored(name, into.remaining()), into);
    }

    @Override
    public void close() {
      bucket.close();
    }
  }
}
