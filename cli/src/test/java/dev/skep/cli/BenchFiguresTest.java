package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BenchFiguresTest {
  @Test
  void takesTheMiddleOfAnOddNumberOfValues() {
    assertThat(BenchFigures.median(9, 1, 5)).hasValue(5);
  }

  @Test
  void takesTheMeanOfTheTwoInTheMiddleOfAnEvenNumber() {
    assertThat(BenchFigures.median(4, 1, 2, 9)).hasValue(3);
  }

  @Test
  void givesARatioAndItsInverseTheMeanOne() {
    assertThat(BenchFigures.geometricMean(4, 0.25).orElseThrow()).isEqualTo(1, within(1e-12));
    assertThat(BenchFigures.geometricMean(2, 8).orElseThrow()).isEqualTo(4, within(1e-12));
  }

  @Test
  void saysNothingOfNoValues() {
    assertThat(BenchFigures.median()).isEmpty();
    assertThat(BenchFigures.geometricMean()).isEmpty();
  }
}
