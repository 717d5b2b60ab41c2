package dev.cram.lab;

import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
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
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads an experiment from a YAML file, see {@code docs/lab.md} for its keys. */
public final class ExperimentFile {
  private static final Set<String> KEYS =
      new TreeSet<>(
          Set.of(
              "name",
              "models",
              "sources",
              "lengths",
              "vectors",
              "seeds",
              "samples",
              "text-seed",
              "recipe",
              "max-steps",
              "patience",
              "precision",
              "goal"));

  private final Path file;
  private final Map<?, ?> values;

  private ExperimentFile(Path file, Map<?, ?> values) {
    this.file = file;
    this.values = values;
  }

  /**
   * Reads an experiment.
   *
   * @param file YAML; paths in it are relative to its folder
   * @throws InputException if it cannot be read, is no YAML, or has an unknown key or a value of
   *     the wrong kind
   */
  public static Experiment read(Path file) {
    Object root;
    try {
      root =
          new Load(LoadSettings.builder().setLabel(file.toString()).build())
              .loadFromString(Files.readString(file));
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
    } catch (YamlEngineException e) {
      throw new InputException(file + ": is no valid YAML: " + e.getMessage(), e);
    }
    if (!(root instanceof Map<?, ?> map)) {
      throw new InputException(
          file + ": expected keys and values, such as \"models: [cram-tiny]\"");
    }
    for (Object key : map.keySet()) {
      if (!KEYS.contains(String.valueOf(key))) {
        throw new InputException(
            file
                + ": unknown key '"
                + key
                + "'; did you mean '"
                + nearest(String.valueOf(key))
                + "'? There are: "
                + String.join(", ", KEYS));
      }
    }
    return new ExperimentFile(file, map).experiment();
  }

  private Experiment experiment() {
    Recipe recipe = Recipe.named(text("recipe").orElse(Recipe.PAPER.name()));
    Optional<Integer> maxSteps = number("max-steps").map(this::positive);
    if (maxSteps.isPresent()) {
      recipe = recipe.withMaxSteps(maxSteps.get());
    }
    Optional<Integer> patience = number("patience").map(this::positive);
    if (patience.isPresent()) {
      recipe = recipe.withPatience(patience.get());
    }
    try {
      return new Experiment(
          text("name").orElse(nameOfFile()),
          list("models").map(models -> models.stream().map(this::model).toList()).orElse(List.of()),
          sources(),
          list("lengths").map(this::integers).orElse(Experiment.PAPER_LENGTHS),
          list("vectors").map(this::integers).orElse(List.of(1)),
          list("seeds")
              .map(seeds -> seeds.stream().map(seed -> whole("seeds", seed)).toList())
              .orElse(List.of(1L)),
          number("samples").map(Math::toIntExact).orElse(50),
          number("text-seed").orElse(1L),
          recipe,
          choice("precision", Precision.values(), Precision.F32),
          choice("goal", Experiment.Goal.values(), Experiment.Goal.ALL));
    } catch (InputException e) {
      throw e.getMessage().startsWith(file.toString())
          ? e
          : new InputException(file + ": " + e.getMessage(), e);
    }
  }

  private String nameOfFile() {
    String name = file.getFileName().toString();
    return name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
  }

  private String model(Object value) {
    String model = String.valueOf(value);
    Path relative = resolved(model);
    return Files.exists(relative) ? relative.toString() : model;
  }

  /**
   * Either a map from a name to a specification, or a list of specifications that name themselves.
   */
  private Map<String, String> sources() {
    Map<String, String> sources = new LinkedHashMap<>();
    switch (values.get("sources")) {
      case Map<?, ?> named ->
          named.forEach((name, spec) -> sources.put(name.toString(), source(spec)));
      case List<?> specs -> specs.forEach(spec -> sources.put(String.valueOf(spec), source(spec)));
      case null, default -> throw wrong("sources", "a map from names to sources, or a list");
    }
    return sources;
  }

  private String source(Object value) {
    String spec = String.valueOf(value);
    for (String kind : List.of("file:", "dir:", "random:")) {
      if (spec.startsWith(kind)) {
        return kind + resolved(spec.substring(kind.length()));
      }
    }
    return spec;
  }

  private Path resolved(String path) {
    Path folder = file.toAbsolutePath().getParent();
    return folder.resolve(path).normalize();
  }

  private Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key)).map(String::valueOf);
  }

  private Optional<Long> number(String key) {
    return Optional.ofNullable(values.get(key)).map(value -> whole(key, value));
  }

  private int positive(long value) {
    if (value < 1 || value > Integer.MAX_VALUE) {
      throw new InputException(file + ": " + value + " steps make no sense, expected at least 1");
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

  private List<Integer> integers(List<?> numbers) {
    return numbers.stream()
        .map(value -> Math.toIntExact(whole("lengths, vectors", value)))
        .toList();
  }

  /** A list; a single value counts as a list of one. */
  private Optional<List<?>> list(String key) {
    return Optional.ofNullable(values.get(key))
        .map(value -> value instanceof List<?> list ? list : List.of(value));
  }

  private <E extends Enum<E>> E choice(String key, E[] choices, E usual) {
    Optional<String> chosen = text(key);
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
                    .toList()));
  }

  private InputException wrong(String key, String expected) {
    return new InputException(file + ": " + key + ": expected " + expected);
  }

  private static String nearest(String key) {
    return KEYS.stream().min(Comparator.comparingInt(known -> distance(key, known))).orElseThrow();
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
