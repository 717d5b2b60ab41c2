package dev.cram.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every input that once broke a parser, or that covers something, does no harm. */
class CorpusTest {
  private static final Path CORPUS =
      Path.of(System.getProperty("cram.root", ".."), "fuzz", "corpus");

  private static final Map<String, Consumer<byte[]>> TARGETS =
      Map.of(
          "safetensors", SafetensorsTarget::fuzzerTestOneInput,
          "gguf", GgufTarget::fuzzerTestOneInput,
          "cram", CramTarget::fuzzerTestOneInput,
          "config", ConfigTarget::fuzzerTestOneInput,
          "vocabulary", VocabularyTarget::fuzzerTestOneInput,
          "tokenizer", TokenizerTarget::fuzzerTestOneInput,
          "experiment", ExperimentTarget::fuzzerTestOneInput);

  @TestFactory
  Stream<DynamicTest> targets() {
    return TARGETS.entrySet().stream()
        .map(target ->
            DynamicTest.dynamicTest(
                target.getKey(), () -> replay(CORPUS.resolve(target.getKey()), target.getValue())));
  }

  private static void replay(Path folder, Consumer<byte[]> target) throws IOException {
    try (Stream<Path> inputs = Files.list(folder)) {
      for (Path input : inputs.sorted().toList()) {
        replay(input.toString(), Files.readAllBytes(input), target);
      }
    }
    Path kept = Path.of(folder + ".zip");
    if (Files.exists(kept)) {
      try (ZipFile zip = new ZipFile(kept.toFile())) {
        for (ZipEntry entry : zip.stream().filter(e -> !e.isDirectory()).toList()) {
          replay(kept + ": " + entry, zip.getInputStream(entry).readAllBytes(), target);
        }
      }
    }
  }

  private static void replay(String name, byte[] input, Consumer<byte[]> target) {
    try {
      target.accept(input);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(name, e);
    }
  }
}
