package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.lm.hub.CachedModel;
import dev.cram.lm.hub.HubCache;
import dev.cram.lm.hub.ModelReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the files of a model are.
 *
 * @param name the model's id: {@code OWNER/NAME} and what else it takes to find it in the hub's
 *     cache, or for other places the name of the folder or, without its ending, of the GGUF file
 * @param path a folder as Hugging Face stores models, or a GGUF file
 */
public record ModelLocation(String name, Path path) {
  /** Where the hub's own tools keep a model: models--OWNER--NAME/snapshots/REVISION. */
  private static final Pattern SNAPSHOT =
      Pattern.compile("models--([^/\\\\]+)[/\\\\]snapshots[/\\\\][^/\\\\]+$");

  /**
   * Finds what a user names: a folder or a file if there is one of that name, a model of the hub if
   * it has been downloaded. Nothing is downloaded.
   *
   * @throws InputException if there is neither
   */
  public static ModelLocation find(String model, HubCache cache) {
    Optional<Path> path = path(model).filter(Files::exists);
    if (path.isPresent()) {
      return new ModelLocation(nameOf(path.get()), path.get());
    }
    Optional<ModelReference> reference = ModelReference.parse(model);
    return reference
        .flatMap(cache::find)
        .map(ModelLocation::of)
        .orElseThrow(() -> missing(model, reference, cache));
  }

  /** A model in the hub's cache. */
  public static ModelLocation of(CachedModel model) {
    return new ModelLocation(model.reference().toString(), model.path());
  }

  private static Optional<Path> path(String model) {
    try {
      return model.isBlank() ? Optional.empty() : Optional.of(Path.of(model));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static InputException missing(
      String model, Optional<ModelReference> reference, HubCache cache) {
    String notThere =
        "'" + model + "': is not " + ModelFiles.EMBEDDED + ", and there is no such folder or file";
    // A misspelled path is no model of the hub.
    if (reference.isEmpty()
        || !model.contains("/")
        || model.endsWith(".gguf") && !model.contains(":")) {
      return new InputException(
          notThere + "; give a Hugging Face folder, a GGUF file, or OWNER/NAME from cram pull");
    }
    return new InputException(
        notThere
            + ", nor has it been downloaded to "
            + cache.folder()
            + "; to download it: cram pull "
            + model);
  }

  private static String nameOf(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    Matcher snapshot = SNAPSHOT.matcher(absolute.toString());
    if (snapshot.find()) {
      return snapshot.group(1).replaceFirst("--", "/");
    }
    Path last = absolute.getFileName();
    if (last == null) {
      return absolute.toString();
    }
    return Files.isDirectory(path)
        ? last.toString()
        : last.toString().replaceFirst("(?i)(?<=.)\\.gguf$", "");
  }
}
