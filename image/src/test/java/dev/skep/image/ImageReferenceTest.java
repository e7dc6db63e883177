package dev.skep.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String DIGEST = "sha256:" + "0a".repeat(32);

  @ParameterizedTest
  @CsvSource({
    "hello, docker.io/library/hello:latest",
    "hello:1, docker.io/library/hello:1",
    "me/hello, docker.io/me/hello:latest",
    "index.docker.io/me/hello, docker.io/me/hello:latest",
    "localhost/hello, localhost/hello:latest",
    "localhost:5000/a/b/c:v1.2-x, localhost:5000/a/b/c:v1.2-x",
    "127.0.0.1:5000/hello, 127.0.0.1:5000/hello:latest",
    "[::1]:5000/hello, [::1]:5000/hello:latest",
    "example.com/hello, example.com/hello:latest",
    "a__b/c-d.e, docker.io/a__b/c-d.e:latest",
  })
  void completesShortNames(String given, String whole) {
    assertThat(ImageReference.parse(given)).hasToString(whole);
    assertThat(ImageReference.parse(whole)).hasToString(whole);
  }

  @Test
  void keepsDigests() {
    assertThat(ImageReference.parse("hello@" + DIGEST).target()).isEqualTo(DIGEST);
    assertThat(ImageReference.parse("hello@" + DIGEST).tag()).isEmpty();
    assertThat(ImageReference.parse("hello:1@" + DIGEST))
        .hasToString("docker.io/library/hello:1@" + DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Hello",
        "hello:",
        "hello:a b",
        "hello@sha256:12",
        "hello@",
        "../etc/passwd",
        "a//b",
        "example.com/",
        "example.com/../x",
        "http://example.com/x",
        "hello:-1",
        "-bad.com/x",
        "a/b\nc",
        "hello@sha512:00",
        "x:1:2",
      })
  void namesWhatIsMalformed(String given) {
    assertThatThrownBy(() -> ImageReference.parse(given))
        .hasMessageContaining("image reference '")
        .hasMessageContaining("expected");
  }
}
