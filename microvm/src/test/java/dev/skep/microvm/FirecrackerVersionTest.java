package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirecrackerVersionTest {
  private static final long GIB = 1L << 30;

  @ParameterizedTest
  @CsvSource({
    "1.7.0, false, false, false, false",
    "1.8.0, true, false, false, false",
    "1.11.0, true, false, false, false",
    "1.12.1, true, true, false, false",
    "1.13.0, true, true, true, false",
    "1.14.9, true, true, true, false",
    "1.15.0, true, true, true, true",
    "1.17.0-dev, true, true, true, true",
    "2.0.0, true, true, true, true"
  })
  void eachVersionCanDoWhatWasNewInItAndBefore(
      String text, boolean tables, boolean overrides, boolean small, boolean large) {
    FirecrackerVersion version = FirecrackerVersion.at(text).orElseThrow();

    assertThat(version).hasToString(text);
    assertThat(version.tables()).isEqualTo(tables);
    assertThat(version.overridesNetworks()).isEqualTo(overrides);
    assertThat(version.savesResidentPages(3 * GIB)).isEqualTo(small);
    assertThat(version.savesResidentPages(3 * GIB + 1)).isEqualTo(large);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "v1.7.0", "one", "1", "99999.1"})
  void whatIsNoVersionIsNone(String text) {
    assertThat(FirecrackerVersion.at(text)).isEmpty();
  }

  @Test
  void theTextEndsWithTheVersion() {
    assertThat(FirecrackerVersion.at("1.17.0-dev\n\nmore").orElseThrow()).hasToString("1.17.0-dev");
  }
}
