package dev.cram.lab;

import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** An experiment as keys and values: what each key means, and what it is if it is left out. */
final class ExperimentKeys {
  private static final Set<String> KEYS =
      new TreeSet<>(
          Set.of(
              "name",
              "models",
              "sources",
              "words",
              "lengths",
              "vectors",
              "seeds",
              "samples",
              "text-seed",
              "recipe",
              "max-steps",
              "patience",
              "precision",
              "goal",
              "line-points",
              ExperimentFile.PARTS));

  private static final Set<String> SOURCE_KEYS =
      new TreeSet<>(Set.of("source", "samples", "lengths"));

  private static final int SAMPLES = 50;

  private static final Pattern PLAIN = Pattern.compile("[^/\\\\:;\\p{Cntrl}]{1,100}");

  /** More seeds than this in a range are surely a mistake. */
  private static final int MOST_SEEDS = 10_000;

  private final String label;
  private final Path folder;
  private final Map<String, Object> values;
  private final boolean sameSamples;

  /**
   * @param label what errors call it
   * @param folder that paths are relative to
   * @param sameSamples whether the number of samples is that of the experiment for all sources,
   *     whatever they say themselves
   * @throws InputException if a key is unknown
   */
  ExperimentKeys(String label, Path folder, Map<String, Object> values, boolean sameSamples) {
    this.label = label;
    this.folder = folder;
    this.values = values;
    this.sameSamples = sameSamples;
    check(values.keySet(), KEYS, "");
    if (values.containsKey(ExperimentFile.PARTS)) {
      throw wrong(ExperimentFile.PARTS, "no parts of parts");
    }
  }

  private void check(Set<?> keys, Set<String> known, String of) {
    for (Object key : keys) {
      if (!known.contains(String.valueOf(key))) {
        throw new InputException(
            "%s: %sunknown key '%s'; did you mean '%s'? There are: %s"
                .formatted(
                    label, of, key, nearest(String.valueOf(key), known), String.join(", ", known)));
      }
    }
  }

  /**
   * @throws InputException if something is missing or makes no sense
   */
  Experiment experiment() {
    try {
      Recipe recipe = Recipe.named(text("recipe").orElse(Recipe.PAPER.name()));
      Optional<Integer> maxSteps = number("max-steps").map(this::positive);
      if (maxSteps.isPresent()) {
        recipe = recipe.withMaxSteps(maxSteps.get());
      }
      Optional<Integer> patience = number("patience").map(this::positive);
      if (patience.isPresent()) {
        recipe = recipe.withPatience(patience.get());
      }
      return new Experiment(
          text("name").map(this::plain).orElse("measure"),
          list("models").map(models -> models.stream().map(this::model).toList()).orElse(List.of()),
          sources(),
          list("lengths")
              .map(lengths -> integers("lengths", lengths))
              .orElse(Experiment.PAPER_LENGTHS),
          list("vectors")
              .map(vectors -> integers("vectors", vectors))
              .orElse(List.of(Experiment.fewestVectors(recipe))),
          list("seeds").map(this::seeds).orElse(List.of(1L)),
          number("text-seed").orElse(1L),
          recipe,
          choice("precision", Precision.values(), Precision.F32),
          choice("goal", Experiment.Goal.values(), Experiment.Goal.ALL),
          number("line-points").map(points -> integer("line-points", points)).orElse(0));
    } catch (InputException e) {
      throw e.getMessage().startsWith(label)
          ? e
          : new InputException(label + ": " + e.getMessage(), e);
    }
  }

  private String model(Object value) {
    String model = String.valueOf(value);
    Path relative = resolved(model);
    return Files.exists(relative) ? relative.toString() : model;
  }

  /**
   * Either a map from a name to a specification, or a list of specifications that name themselves.
   */
  private Map<String, Sampling> sources() {
    Map<String, Sampling> sources = new LinkedHashMap<>();
    switch (values.get("sources")) {
      case Map<?, ?> named ->
          named.forEach((name, source) ->
              sources.put(String.valueOf(name), sampling(String.valueOf(name), source)));
      case List<?> specs ->
          specs.forEach(spec -> sources.put(String.valueOf(spec), sampling("sources", spec)));
      case null, default -> throw wrong("sources", "a map from names to sources, or a list");
    }
    return sources;
  }

  private Sampling sampling(String name, Object value) {
    int samples = number("samples").map(of -> integer("samples", of)).orElse(SAMPLES);
    if (!(value instanceof Map<?, ?> keys)) {
      return new Sampling(source(value), samples, Sampling.Lengths.GRID);
    }
    check(keys.keySet(), SOURCE_KEYS, "source " + name + ": ");
    if (keys.get("source") == null) {
      throw wrong("source " + name, "a key 'source' that says where the texts are");
    }
    Object own = keys.get("samples");
    return new Sampling(
        source(keys.get("source")),
        own == null || sameSamples
            ? samples
            : integer("samples", whole("source " + name + ": samples", own)),
        choice(
            "source " + name + ": lengths",
            Optional.ofNullable(keys.get("lengths")).map(String::valueOf),
            Sampling.Lengths.values(),
            Sampling.Lengths.GRID));
  }

  private String source(Object value) {
    String spec = String.valueOf(value);
    if (spec.equals("random") && text("words").isPresent()) {
      return "random:" + resolved(text("words").get());
    }
    for (String kind : List.of("file:", "dir:", "random:")) {
      if (spec.startsWith(kind)) {
        return kind + resolved(spec.substring(kind.length()));
      }
    }
    return spec;
  }

  private Path resolved(String path) {
    try {
      return folder.resolve(path).normalize();
    } catch (InvalidPathException e) {
      throw new InputException("'" + path + "' is no path: " + e.getReason(), e);
    }
  }

  /** A name that is no more than that: a database is named after it. */
  private String plain(String name) {
    if (!PLAIN.matcher(name).matches()) {
      throw wrong("name", "one to 100 characters, none of them / \\ : or ;, not '" + name + "'");
    }
    return name;
  }

  private Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key)).map(String::valueOf);
  }

  private Optional<Long> number(String key) {
    return Optional.ofNullable(values.get(key)).map(value -> whole(key, value));
  }

  private int positive(long value) {
    if (value < 1 || value > Integer.MAX_VALUE) {
      throw new InputException(label + ": " + value + " steps make no sense, expected at least 1");
    }
    return (int) value;
  }

  private long whole(String key, Object value) {
    return switch (value) {
      case Integer number -> number;
      case Long number -> number;
      case null, default -> throw wrong(key, "whole numbers, not '" + value + "'");
    };
  }

  private List<Integer> integers(String key, List<?> numbers) {
    return numbers.stream().map(value -> integer(key, whole(key, value))).toList();
  }

  private int integer(String key, long value) {
    if (value != (int) value) {
      throw wrong(key, "numbers below 2^31, not " + value);
    }
    return (int) value;
  }

  /** Numbers, and ranges such as {@code 1..32}. */
  private List<Long> seeds(List<?> seeds) {
    return seeds.stream()
        .flatMapToLong(seed -> {
          String[] ends = String.valueOf(seed).split("\\.\\.", 2);
          try {
            long from = Long.parseLong(ends[0]);
            long to = Long.parseLong(ends[ends.length - 1]);
            if (from > to || to - from >= MOST_SEEDS) {
              throw wrong("seeds", "whole numbers or a range such as 1..32, not '" + seed + "'");
            }
            return LongStream.rangeClosed(from, to);
          } catch (NumberFormatException e) {
            throw wrong("seeds", "whole numbers or a range such as 1..32, not '" + seed + "'");
          }
        })
        .boxed()
        .toList();
  }

  /** A list; a single value counts as a list of one. */
  private Optional<List<?>> list(String key) {
    return Optional.ofNullable(values.get(key))
        .map(value -> value instanceof List<?> list ? list : List.of(value));
  }

  private <E extends Enum<E>> E choice(String key, E[] choices, E usual) {
    return choice(key, text(key), choices, usual);
  }

  private <E extends Enum<E>> E choice(String key, Optional<String> chosen, E[] choices, E usual) {
    if (chosen.isEmpty()) {
      return usual;
    }
    for (E choice : choices) {
      if (choice.name().equalsIgnoreCase(chosen.get())) {
        return choice;
      }
    }
    throw wrong(
        key,
        "one of "
            + String.join(
                ", ",
                Arrays.stream(choices)
                    .map(choice -> choice.name().toLowerCase(Locale.ROOT))
                    .toList())
            + ", not '"
            + chosen.get()
            + "'");
  }

  private InputException wrong(String key, String expected) {
    return new InputException(label + ": " + key + ": expected " + expected);
  }

  private static String nearest(String key, Set<String> known) {
    return known.stream().min(Comparator.comparingInt(other -> distance(key, other))).orElseThrow();
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
