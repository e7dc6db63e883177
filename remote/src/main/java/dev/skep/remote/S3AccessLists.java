package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.SharedLists;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The lists of what starts of lazy images read, one object for each image. */
record S3AccessLists(Bucket bucket) implements SharedLists {
  @Override
  public Optional<byte[]> find(String imageDigest, int mostBytes) {
    String key = key(imageDigest);
    try (InputStream in = bucket.read(key)) {
      byte[] list = in.readNBytes(mostBytes + 1);
      if (list.length > mostBytes) {
        throw new SkepException(
            Code.INVALID,
            "%s: more than %d bytes (expected: what a start reads)"
                .formatted(bucket.name(key), mostBytes));
      }
      return Optional.of(list);
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw new SkepException(Code.UNAVAILABLE, bucket.name(key) + ": " + e, e);
    }
  }

  @Override
  public void share(String imageDigest, byte[] list) {
    String key = key(imageDigest);
    if (bucket.length(key).isEmpty()) {
      bucket.write(key, list);
    }
  }

  private static String key(String imageDigest) {
    return "access/" + imageDigest.replace(':', '-');
  }
}
