package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0.5, 500m",
    "350Mi, 350Mi",
    "1024Mi, 1Gi",
    "0.5Mi, 512Ki",
    "1.1Ki, 1126400m",
    "1000, 1k",
    "1024, 1024",
    "1023, 1023",
    "1000m, 1",
    "1500m, 1500m",
    "0, 0",
    "0Mi, 0",
    "-1.5, -1500m",
    "+2, 2",
    ".5, 500m",
    "5., 5",
    "1e3, 1e3",
    "12E2, 1200",
    "12000e-3, 12",
    "1E, 1E",
    "1M, 1M",
    "100k, 100k",
    "1u, 1u",
    "0.0000000001, 1n",
    "123456789Ei, 9223372036854775807",
    "1e100, 9223372036854775807",
    "512, 512",
    "512Ki, 512Ki"
  })
  void writesTheCanonicalForm(String written, String canonical) {
    assertThat(Quantity.parse(written)).hasToString(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "m", "1 Gi", "1gi", "1KiB", "1K", "0x10", "1e", "1e1.5", "--1", "1,5", "Mi1"})
  void namesTheValueThatIsNoQuantity(String written) {
    assertThatThrownBy(() -> Quantity.parse(written))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("\"" + written + "\"")
        .hasMessageContaining("quantities must match");
  }

  @Test
  void refusesMonstersWithoutComputingThem() {
    assertThatThrownBy(() -> Quantity.parse("1e1000000000")).isInstanceOf(SkepException.class);
    assertThatThrownBy(() -> Quantity.parse("9".repeat(1_000_000)))
        .hasMessageMatching("(?s).{1,300}");
  }

  @Test
  void countsCpusInWholeMillis() {
    assertThat(Quantity.parse("0.5").millis()).isEqualTo(500);
    assertThat(Quantity.parse("0.0001").millis()).isEqualTo(1);
    assertThat(Quantity.parse("2").millis()).isEqualTo(2000);
    assertThat(Quantity.parse("128Mi").roundedUp()).isEqualTo(128L << 20);
    assertThat(Quantity.parse("1e100").millis()).isEqualTo(Long.MAX_VALUE);
  }
}
