package dev.cram.lab.source;

import dev.cram.lm.InputException;
import java.nio.file.Path;
import java.util.Map;

/** How sources are named. */
final class Sources {
  /** The datasets of Kuratov et al. 2025 on the Hugging Face hub, as Parquet. */
  private static final Map<String, String> SHORT_NAMES =
      Map.of(
          "pg19", "hf://datasets/yurakuratov/pg19_valid_1k_chunks@~parquet/**/*.parquet",
          "fanfics", "hf://datasets/yurakuratov/fanfics_1k_chunks@~parquet/**/*.parquet");

  private Sources() {}

  static TextSource open(String spec) {
    if (spec.equals("random")) {
      return RandomWords.shipped();
    }
    if (spec.startsWith("random:")) {
      return RandomWords.of(Path.of(spec.substring("random:".length())));
    }
    int hash = spec.lastIndexOf('#');
    String column = hash < 0 ? "text" : spec.substring(hash + 1);
    String place = hash < 0 ? spec : spec.substring(0, hash);
    if (SHORT_NAMES.containsKey(place)) {
      return Documents.remote(SHORT_NAMES.get(place), column);
    }
    if (place.matches("(hf|https|http)://.*")) {
      return Documents.remote(place, column);
    }
    if (place.startsWith("file:")) {
      return Documents.file(Path.of(place.substring("file:".length())), column);
    }
    if (place.startsWith("dir:")) {
      return Documents.directory(Path.of(place.substring("dir:".length())), column);
    }
    throw new InputException(
        "unknown source '"
            + spec
            + "'; there are: random, random:FILE, file:PATH, dir:PATH, hf://..., https://...,"
            + " pg19, fanfics");
  }
}
