package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cram.container.CramFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that people use, from its GGUF file; tools/get-smollm2 brings it. */
class EndToEndGgufTest {
  private static final String NAME = "SmolLM2-135M-Instruct.Q4_1";

  @TempDir private Path streams;
  @TempDir private Path folder;

  @Test
  void compressesAndDecompressesWithSmolLm2() throws IOException {
    Path model = cache().resolve("cram").resolve("models").resolve(NAME + ".gguf");
    assumeTrue(Files.exists(model), model + " is missing: run tools/get-smollm2");
    CramProcess cram = new CramProcess(streams);
    byte[] original = "It was late.\n".getBytes(StandardCharsets.UTF_8);
    Path input = Files.write(folder.resolve("text"), original);
    Path compressed = folder.resolve("text.cram");

    var there =
        cram.run("compress", input.toString(), "--model", model.toString(), "--max-steps", "8");
    assertThat(there.status()).as(there.err()).isZero();
    Files.delete(input);
    var back = cram.run("decompress", compressed.toString(), "--model", model.toString());
    assertThat(back.status()).as(back.err()).isZero();

    assertThat(input).hasBinaryContent(original);
    CramFile file = CramFile.read(compressed);
    assertThat(file.model().modelId()).isEqualTo(NAME);
    assertThat(file.model().width()).isEqualTo(576);
    assertThat(file.segments()).isNotEmpty();
  }

  private static Path cache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    return xdg != null && !xdg.isEmpty()
        ? Path.of(xdg)
        : Path.of(System.getProperty("user.home"), ".cache");
  }
}
