package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Which of the GGUF files of a repository a reference means. */
final class GgufChoice {
  private static final String SUFFIX = ".gguf";
  private static final Pattern PART = Pattern.compile(".*-\\d{5}-of-\\d{5}\\.gguf");

  private GgufChoice() {}

  /**
   * The only one there is, or the one that the reference names: by its whole name, or by the end of
   * it, as in {@code :Q4_K_M}.
   *
   * @param files all files of the repository
   * @return one of {@code files}
   * @throws InputException if none or several fit, or if it is one part of a larger file
   */
  static String of(ModelReference reference, Collection<String> files) {
    List<String> all = all(files);
    List<String> fitting = fitting(reference, files);
    if (fitting.size() == 1) {
      return whole(reference, fitting.getFirst());
    }
    if (all.isEmpty()) {
      throw new InputException(reference.repository() + ": holds no GGUF file");
    }
    throw new InputException(
        reference
            + ": "
            + (fitting.isEmpty() ? "no such GGUF file" : "several GGUF files")
            + ", choose one as "
            + reference.withFile("FILE")
            + " from: "
            + String.join(", ", fitting.isEmpty() ? all : fitting));
  }

  /** The GGUF files with a language model in them, in the order of their names. */
  static List<String> all(Collection<String> files) {
    return files.stream()
        .filter(file -> file.toLowerCase(Locale.ROOT).endsWith(SUFFIX))
        // The part of a model that reads pictures, which several repositories put beside it.
        .filter(file -> !file.substring(file.lastIndexOf('/') + 1).startsWith("mmproj"))
        .sorted()
        .toList();
  }

  /** The GGUF files that a reference may mean. */
  static List<String> fitting(ModelReference reference, Collection<String> all) {
    List<String> files = all(all);
    String wanted = reference.file().orElse("");
    if (files.contains(wanted)) {
      return List.of(wanted);
    }
    if (wanted.isEmpty()) {
      return files;
    }
    Pattern end =
        Pattern.compile("(.*[-._])?" + Pattern.quote(wanted) + "\\.gguf", Pattern.CASE_INSENSITIVE);
    return files.stream()
        .filter(file -> end.matcher(file.substring(file.lastIndexOf('/') + 1)).matches())
        .toList();
  }

  private static String whole(ModelReference reference, String file) {
    if (PART.matcher(file).matches()) {
      throw new InputException(
          reference.repository()
              + ": "
              + file
              + " is one part of a larger file; choose a GGUF file that is whole");
    }
    return file;
  }
}
