package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model on the hub as users write it: {@code OWNER/NAME[@REVISION][:FILE]}.
 *
 * @param repository {@code OWNER/NAME}, or {@code NAME} alone for the few that have no owner
 * @param revision a branch, a tag or a commit
 * @param file a GGUF file of the repository, or the part of its name that tells it from the others,
 *     such as {@code Q4_K_M}
 */
public record ModelReference(String repository, String revision, Optional<String> file) {
  /** The revision where none is named. */
  public static final String MAIN = "main";

  private static final String NAME = "[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?";
  private static final Pattern SYNTAX =
      Pattern.compile(
          "((?:NAME/)?NAME)(?:@([A-Za-z0-9_][A-Za-z0-9_./+-]*))?(?::([A-Za-z0-9_][A-Za-z0-9_./+-]*))?"
              .replace("NAME", NAME));

  /** The reference that a text spells, if it spells one. */
  public static Optional<ModelReference> parse(String text) {
    Matcher parts = SYNTAX.matcher(text);
    // The hub allows neither in a name, and in a revision or a file they could lead elsewhere.
    if (!parts.matches() || parts.group(1).contains("--") || text.contains("..")) {
      return Optional.empty();
    }
    String revision = parts.group(2) == null ? MAIN : parts.group(2);
    return Optional.of(
        new ModelReference(parts.group(1), revision, Optional.ofNullable(parts.group(3))));
  }

  /**
   * The reference that a text spells.
   *
   * @throws InputException if it spells none
   */
  public static ModelReference of(String text) {
    return parse(text)
        .orElseThrow(() ->
            new InputException(
                "'"
                    + text
                    + "' is no model of the Hugging Face hub; expected OWNER/NAME,"
                    + " OWNER/NAME@REVISION or OWNER/NAME:FILE.gguf"));
  }

  /** The same model in another file of its repository. */
  public ModelReference withFile(String name) {
    return new ModelReference(repository, revision, Optional.of(name));
  }

  @Override
  public String toString() {
    return repository
        + (revision.equals(MAIN) ? "" : "@" + revision)
        + file.map(name -> ":" + name).orElse("");
  }
}
