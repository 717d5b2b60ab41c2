package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LengthSearchTest {
  private static final List<Integer> GRID = Experiment.PAPER_LENGTHS;

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 31, 32, 100, 1_024, 1_568, 9_999})
  void bisectionRunsTheLastLengthThatDecodesAndTheFirstThatDoesNot(int capacity) {
    var search = new LengthSearch(GRID, Experiment.Goal.CAPACITY);
    var asked = new TreeSet<Integer>();
    while (!search.isOver()) {
      asked.addAll(search.next());
      search.learn(length -> length <= capacity ? 1 : 0.5);
    }

    GRID.stream()
        .filter(length -> length <= capacity)
        .max(Integer::compare)
        .ifPresent(last -> assertThat(asked).contains(last));
    GRID.stream()
        .filter(length -> length > capacity)
        .min(Integer::compare)
        .ifPresent(first -> assertThat(asked).contains(first));
    assertThat(asked).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void allLengthsAreRunAtOnceWhereAllAreWanted() {
    var search = new LengthSearch(GRID, Experiment.Goal.ALL);
    assertThat(search.next()).isEqualTo(GRID);
    search.learn(length -> 0);
    assertThat(search.isOver()).isTrue();
  }
}
