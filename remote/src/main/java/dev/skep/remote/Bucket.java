package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The objects below one prefix of a bucket. Each call is tried once, within {@link #CALL_LIMIT};
 * whether to try again is its caller's to say. Thread-safe.
 *
 * <p>Errors of all calls: NOT_FOUND where there is no such object, FORBIDDEN where it may not be
 * had, UNAVAILABLE for all that may pass; each names the object.
 */
final class Bucket implements AutoCloseable {
  static final Duration CALL_LIMIT = Duration.ofSeconds(20);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(5);
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  private final Location location;
  private final S3Client client;

  /** Connects to nothing yet. */
  Bucket(Location location) {
    this.location = location;
    // Our own digests are compared: those of the SDK would only make other servers refuse us.
    var builder =
        S3Client.builder()
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(CONNECT_LIMIT)
                    .socketTimeout(SILENCE_LIMIT))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                settings ->
                    settings
                        .apiCallTimeout(CALL_LIMIT)
                        .retryStrategy(AwsRetryStrategy.doNotRetry()));
    if (!location.endpoint().isEmpty()) {
      builder.endpointOverride(location.endpointUri()).forcePathStyle(true);
      builder.region(Region.US_EAST_1);
    }
    if (!location.region().isEmpty()) {
      builder.region(Region.of(location.region()));
    }
    client = builder.build();
  }

  /** For messages: bucket and key. */
  String name(String key) {
    return "s3://" + location.bucket() + "/" + location.prefix() + key;
  }

  /** The object as a stream, whoever reads which closes it. */
  InputStream read(String key) {
    return answer(
        key,
        () -> {
          ResponseInputStream<?> body =
              client.getObject(get -> get.bucket(location.bucket()).key(location.prefix() + key));
          return body;
        });
  }

  /** The length of the object, if there is one. */
  OptionalLong length(String key) {
    try {
      return OptionalLong.of(
          answer(
              key,
              () ->
                  client
                      .headObject(
                          head -> head.bucket(location.bucket()).key(location.prefix() + key))
                      .contentLength()));
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return OptionalLong.empty();
      }
      throw e;
    }
  }

  void write(String key, byte[] content) {
    write(key, RequestBody.fromBytes(content));
  }

  void write(String key, Path content) {
    write(key, RequestBody.fromFile(content));
  }

  private void write(String key, RequestBody body) {
    var _ =
        answer(
            key,
            () ->
                client.putObject(
                    put -> put.bucket(location.bucket()).key(location.prefix() + key), body));
  }

  /** Reads what is not there: the first reading loads the SDK's classes for it. */
  void warmUp() {
    try (InputStream in = read("none")) {
      in.skipNBytes(0);
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    } catch (IOException e) {
      throw new SkepException(Code.UNAVAILABLE, name("none") + ": " + e, e);
    }
  }

  /** Some key below, the newest of the first few, if there is any. */
  Optional<String> newest(String below) {
    List<S3Object> found =
        answer(
            below,
            () ->
                client
                    .listObjectsV2(
                        list ->
                            list.bucket(location.bucket())
                                .prefix(location.prefix() + below)
                                .maxKeys(100))
                    .contents());
    return found.stream()
        .max(Comparator.comparing(S3Object::lastModified))
        .map(object -> object.key().substring(location.prefix().length()));
  }

  private <T> T answer(String key, Supplier<T> call) {
    try {
      return call.get();
    } catch (AwsServiceException e) {
      Code code =
          switch (e.statusCode()) {
            case NOT_FOUND -> Code.NOT_FOUND;
            case FORBIDDEN -> Code.FORBIDDEN;
            default -> Code.UNAVAILABLE;
          };
      String said = e.awsErrorDetails() == null ? null : e.awsErrorDetails().errorCode();
      throw new SkepException(
          code, name(key) + ": HTTP " + e.statusCode() + (said == null ? "" : " " + said), e);
    } catch (SdkException e) {
      throw new SkepException(Code.UNAVAILABLE, name(key) + ": " + rootOf(e), e);
    }
  }

  /** The SDK's own words say little. */
  private static String rootOf(Throwable failure) {
    if (failure.getCause() == null) {
      return String.valueOf(failure.getMessage());
    }
    Throwable root = failure.getCause();
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getClass().getSimpleName() + ": " + root.getMessage();
  }

  @Override
  public void close() {
    client.close();
  }
}
