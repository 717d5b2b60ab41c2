package dev.cram.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What SECURITY.md promises of the sources. */
class SourcesTest {
  private static final Path ROOT = Path.of(System.getProperty("cram.root", ".."));

  /** Ways from the content of a file to code. */
  private static final Pattern FORBIDDEN =
      Pattern.compile(
          "ObjectInputStream|\\.readObject\\(|XMLDecoder|ScriptEngine|Class\\.forName|setAccessible"
              + "|getDeclared(Method|Field|Constructor)|ProcessBuilder|\\.exec\\(|org\\.yaml\\.");

  /** Loads the Vector API's module by names that stand in it. */
  private static final List<String> ALLOWED = List.of("VectorModule.java");

  @Test
  void nothingIsDeserialisedAndNoCodeIsNamedByAFile() throws IOException {
    try (Stream<Path> modules = Files.list(ROOT)) {
      List<Path> sources =
          modules.map(m -> m.resolve("src/main/java")).filter(Files::isDirectory).toList();
      assertThat(sources).hasSizeGreaterThan(4);
      for (Path folder : sources) {
        try (Stream<Path> files = Files.walk(folder)) {
          for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
            if (!ALLOWED.contains(file.getFileName().toString())) {
              assertThat(Files.readString(file))
                  .as(file.toString())
                  .doesNotContainPattern(FORBIDDEN);
            }
          }
        }
      }
    }
  }
}
