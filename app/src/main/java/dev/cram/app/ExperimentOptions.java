package dev.cram.app;

import dev.cram.lab.Experiment;
import dev.cram.lab.ExperimentFile;
import dev.cram.lab.database.LabDatabase;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is measured, and where the results go: an experiment file, and options in its place. */
final class ExperimentOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "EXPERIMENT",
      description = "Experiment file in YAML or TOML; docs/lab.md explains its keys.")
  private Path experimentFile;

  @Option(
      names = {"-d", "--database"},
      paramLabel = "FILE",
      description =
          "DuckDB file of the results (default: NAME.db, after the experiment; measure.db without one).")
  private Path database;

  @Option(names = "--name", paramLabel = "NAME", description = "Name of the experiment.")
  private String name;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      split = ",",
      description = "Models, as for compress (default: cram-tiny).")
  private List<String> models;

  @Option(
      names = {"-s", "--source"},
      paramLabel = "[NAME=]SOURCE",
      split = ",",
      description =
          "Where texts come from: random, random:WORDS, file:PATH, dir:PATH, hf://..., https://...,"
              + " pg19, fanfics; #COLUMN after it names the text column of a table.")
  private List<String> sources;

  @Option(
      names = "--words",
      paramLabel = "FILE",
      description =
          "Words that the source random draws from, one a line (default: a list that ships with"
              + " Cram).")
  private Path words;

  @Option(
      names = {"-n", "--length"},
      paramLabel = "N",
      split = ",",
      description = "Lengths in tokens (default: the paper's grid, 8 to 1568).")
  private List<Integer> lengths;

  @Option(
      names = {"-k", "--vectors"},
      paramLabel = "K",
      split = ",",
      description = "Numbers of vectors (default: 1; with one-step 2).")
  private List<Integer> vectors;

  @Option(
      names = "--seed",
      paramLabel = "S",
      split = ",",
      description = "Seeds of the optimisation, such as 1,2 or 1..32 (default: 1).")
  private List<String> seeds;

  @Option(names = "--samples", paramLabel = "N", description = "Texts of a source (default: 50).")
  private Integer samples;

  @Option(
      names = "--max-steps",
      paramLabel = "N",
      converter = ModelOptions.AtLeastOne.class,
      description = "Give a text up after N optimisation steps.")
  private Integer maxSteps;

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      description = "Numbers that the models compute with (default: f32).")
  private Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = ModelOptions.Threads.class,
      description = "Texts that are crammed at the same time (default: one a core).")
  private Integer threads;

  /** The database, named after the experiment where none is given. */
  Path database(List<Experiment> experiments) {
    return database != null ? database : Path.of(experiments.getFirst().name() + ".db");
  }

  /** That database; only to look into if nothing shall be written. */
  static LabDatabase open(Path database, boolean readOnly) {
    if (!readOnly) {
      return LabDatabase.open(database);
    }
    return Files.exists(database) ? LabDatabase.openReadOnly(database) : LabDatabase.inMemory();
  }

  boolean hasThreads() {
    return threads != null;
  }

  boolean hasFile() {
    return experimentFile != null;
  }

  /** Runs that are done at the same time. */
  int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /**
   * The experiment file with what the options say in the place of its keys.
   *
   * @param more keys and values of the command's own
   */
  List<Experiment> experiments(Map<String, Object> more) {
    Map<String, Object> changes = new LinkedHashMap<>();
    put(changes, "name", name);
    put(changes, "models", models);
    put(changes, "sources", sources == null ? null : named(sources));
    put(changes, "words", words == null ? null : words.toAbsolutePath());
    put(changes, "lengths", lengths);
    put(changes, "vectors", vectors);
    put(changes, "seeds", seeds);
    put(changes, "samples", samples);
    put(changes, "max-steps", maxSteps);
    put(changes, "precision", precision);
    more.forEach((key, value) -> put(changes, key, value));
    if (experimentFile != null) {
      return ExperimentFile.read(experimentFile, changes);
    }
    changes.putIfAbsent("models", ModelOptions.BUILT_IN_MODEL);
    changes.putIfAbsent("sources", List.of("random"));
    return ExperimentFile.of(changes);
  }

  private static void put(Map<String, Object> changes, String key, Object value) {
    if (value != null) {
      changes.put(key, value);
    }
  }

  /** Paths on the command line are relative to the working directory. */
  private static Map<String, String> named(List<String> sources) {
    Map<String, String> named = new LinkedHashMap<>();
    for (String source : sources) {
      int equals = source.indexOf('=');
      String spec = source.substring(equals + 1);
      int colon = spec.indexOf(':');
      boolean path =
          List.of("file", "dir", "random").contains(spec.substring(0, Math.max(0, colon)));
      named.put(
          equals < 0 ? source : source.substring(0, equals),
          path
              ? spec.substring(0, colon + 1) + Path.of(spec.substring(colon + 1)).toAbsolutePath()
              : spec);
    }
    return named;
  }

  /** The recipes that can be measured. */
  static final class RecipeNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Recipe.names().iterator();
    }
  }
}
