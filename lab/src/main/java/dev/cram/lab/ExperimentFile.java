package dev.cram.lab;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.core.JacksonException;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Reads experiments from a YAML or TOML file, see {@code docs/lab.md} for its keys.
 *
 * <p>A file is one experiment, or with the key {@code parts} several that differ in some keys.
 */
public final class ExperimentFile {
  static final String PARTS = "parts";

  /** More than any experiment has, but not than a few references to references make. */
  private static final int MOST_VALUES = 100_000;

  /** Deeper than any experiment; a value that refers to itself has no end. */
  private static final int DEEPEST = 100;

  private ExperimentFile() {}

  /** As {@link #read(Path, Map)} without changes. */
  public static List<Experiment> read(Path file) {
    return read(file, Map.of());
  }

  /**
   * Reads experiments.
   *
   * @param file YAML, or TOML if its name ends so; paths in it are relative to its folder
   * @param changes keys and values that replace those of the file, in all of its parts
   * @throws InputException if it cannot be read, is no YAML or TOML, or has an unknown key or a
   *     value of the wrong kind
   */
  public static List<Experiment> read(Path file, Map<String, Object> changes) {
    Object parsed = parse(file);
    if (values(parsed, 0, DEEPEST) > MOST_VALUES) {
      throw new InputException(
          "%s: has more than %d values, or values nested more than %d deep"
              .formatted(file, MOST_VALUES, DEEPEST));
    }
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("name", dot > 0 ? name.substring(0, dot) : name);
    values.putAll(keys(file.toString(), parsed));
    return experiments(file.toString(), file.toAbsolutePath().getParent(), values, changes);
  }

  /**
   * Experiments from keys and values, as a file would have them.
   *
   * @param values paths in them are relative to the working directory
   * @throws InputException as {@link #read(Path)}
   */
  public static List<Experiment> of(Map<String, Object> values) {
    return experiments("experiment", Path.of("").toAbsolutePath(), values, Map.of());
  }

  private static Object parse(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InputException(file + " does not exist; name an experiment file", e);
    } catch (AccessDeniedException e) {
      throw new InputException(file + ": permission denied; change its permissions", e);
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (file.toString().endsWith(".toml")) {
      try {
        return new TomlMapper().readValue(text, Map.class);
      } catch (JacksonException e) {
        String place = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
        throw new InputException(file + ": is no valid TOML: " + e.getOriginalMessage() + place, e);
      }
    }
    try {
      return new Load(LoadSettings.builder().setLabel(file.toString()).build())
          .loadFromString(text);
    } catch (StackOverflowError e) {
      throw new InputException(file + ": is no valid YAML: it is nested too deeply", e);
    } catch (RuntimeException e) {
      // The library has an exception of its own, but lets others through, for some tags for one.
      throw new InputException(file + ": is no valid YAML: " + e.getMessage(), e);
    }
  }

  /** Adds how many values there are; counting ends soon after too many, or too deep. */
  private static int values(Object value, int before, int depth) {
    Collection<?> parts =
        switch (value) {
          case Map<?, ?> map -> map.values();
          case Collection<?> collection -> collection;
          case null, default -> List.of();
        };
    int count = depth == 0 ? MOST_VALUES + 1 : before + 1;
    for (Object part : parts) {
      count = count > MOST_VALUES ? count : values(part, count, depth - 1);
    }
    return count;
  }

  private static Map<String, Object> keys(String label, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new InputException(
          label + ": expected keys and values, such as \"models: [cram-tiny]\"");
    }
    Map<String, Object> keys = new LinkedHashMap<>();
    map.forEach((key, of) -> keys.put(String.valueOf(key), of));
    return keys;
  }

  private static List<Experiment> experiments(
      String label, Path folder, Map<String, Object> values, Map<String, Object> changes) {
    Map<String, Object> common = new LinkedHashMap<>(values);
    Object parts = common.remove(PARTS);
    if (parts == null) {
      return List.of(experiment(label, folder, common, changes));
    }
    if (!(parts instanceof List<?> list) || list.isEmpty()) {
      throw new InputException(label + ": " + PARTS + ": expected a list of keys and values");
    }
    List<Experiment> experiments = new ArrayList<>();
    for (Object part : list) {
      Map<String, Object> ofPart = new LinkedHashMap<>(common);
      ofPart.putAll(keys(label + ": " + PARTS, part));
      experiments.add(experiment(label, folder, ofPart, changes));
    }
    return experiments;
  }

  private static Experiment experiment(
      String label, Path folder, Map<String, Object> values, Map<String, Object> changes) {
    Map<String, Object> changed = new LinkedHashMap<>(values);
    changed.putAll(changes);
    return new ExperimentKeys(label, folder, changed, changes.containsKey("samples")).experiment();
  }
}
