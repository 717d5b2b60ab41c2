package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The figures, each made from the views of {@link SelectedRuns}. One without data is left out. */
final class Figures {
  private static final List<Function<LabDatabase, Optional<Figure>>> ALL =
      List.of(
          CapacityFigures::table1,
          CapacityFigures::bars,
          CrossEntropyFigure::of,
          VectorCountFigures::accuracy,
          VectorCountFigures::capacity,
          CapacityFigures::utilisation,
          SimilarityFigure::of,
          LinesFigure::of,
          DecodingFigures::exact,
          DecodingFigures::horizonAgainstTime,
          DecodingFigures::margins,
          DecodingFigures::bits,
          RaceFigures::standings,
          RaceFigures::shareExact,
          RaceFigures::horizons);

  private Figures() {}

  static List<Figure> of(LabDatabase database) {
    return ALL.stream().map(figure -> figure.apply(database)).flatMap(Optional::stream).toList();
  }
}
