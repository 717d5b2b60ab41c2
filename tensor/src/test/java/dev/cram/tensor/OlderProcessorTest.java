package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products in processes that are held to older instruction sets, where bfloat16 is emulated. */
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
class OlderProcessorTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"AVX2, 2", "SSE41, 0"})
  void multipliesRightWithoutNewerInstructions(String isa, int useAvx)
      throws IOException, InterruptedException {
    assertThat(run(isa, useAvx)).contains("bf16 products: BF16_WIDENED", "right");
  }

  /**
   * Where FP16 is hidden, a processor with bfloat16 instructions is taken for one that likes them.
   */
  @Test
  void multipliesRightWithBfloat16Instructions() throws IOException, InterruptedException {
    assumeThat(Files.readString(Path.of("/proc/cpuinfo"))).contains("avx512_bf16");

    assertThat(run("AVX512_CORE_BF16", 3)).contains("bf16 products: BF16", "right");
  }

  private List<String> run(String isa, int useAvx) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:UseAVX=" + useAvx,
            "-cp",
            System.getProperty("java.class.path"),
            OlderProcessorMain.class.getName());
    builder.environment().put("ONEDNN_MAX_CPU_ISA", isa);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());

    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("ended in time").isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(process.exitValue()).isZero();
    return Files.readAllLines(output, StandardCharsets.UTF_8);
  }
}
