package dev.cram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.container.CramFile;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes through vectors and back. */
class CramTest {
  private static final CompressOptions QUICK =
      new CompressOptions(1, Recipe.CRAM.withMaxSteps(20), 1, 0.1f);

  static Stream<Arguments> originals() {
    byte[] random = new byte[1000];
    new Random(1).nextBytes(random);
    byte[] chinese =
        "\u9580\u958B\u4E86\uFF0C\u6C92\u6709\u4EBA\u770B\u898B\u3002 \uD83D\uDC69\u200D\uD83D\uDE80"
            .getBytes(UTF_8);
    return Stream.of(
        Arguments.of("empty", new byte[0], Recipe.CRAM),
        Arguments.of("one byte", new byte[] {'a'}, Recipe.CRAM),
        Arguments.of("one byte that is no text", new byte[] {(byte) 0xff}, Recipe.CRAM),
        Arguments.of(
            "a sentence", "The gate stood open, and nobody knew why.".getBytes(UTF_8), Recipe.CRAM),
        Arguments.of("Chinese and emoji", chinese, QUICK.recipe()),
        Arguments.of("CRLF", "one\r\n\ttwo \r\n\r\nthree\r".getBytes(UTF_8), QUICK.recipe()),
        Arguments.of(
            "cut in a character", Arrays.copyOf(chinese, chinese.length - 2), QUICK.recipe()),
        Arguments.of("random bytes", random, QUICK.recipe()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("originals")
  void bytesComeBack(String name, byte[] original, Recipe recipe) throws IOException {
    CompressOptions options = new CompressOptions(1, recipe, 1, 0.1f);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
      CramFile file = cram.compress(original, options, CramListener.SILENT);
      CramFile read = CramFile.read("text.cram", bytes(file));
      assertThat(cram.decompress("text.cram", read, CramListener.SILENT)).isEqualTo(original);
    }
  }

  @Test
  void aSentenceNeedsNoPatches() {
    byte[] original = "The gate stood open.".getBytes(UTF_8);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
      CramFile file = cram.compress(original, CompressOptions.DEFAULT, CramListener.SILENT);
      assertThat(file.segments()).isNotEmpty().allMatch(segment -> segment.patches().isEmpty());
      assertThat(file.sections()).hasOnlyElementsOfType(Section.Run.class);
    }
  }

  /** Margins in bfloat16 move by tenths of a logit from one machine to another. */
  @Test
  void whatWinsByTooLittleInBfloat16IsPatched() {
    byte[] original = "The gate stood open, and nobody knew why.".getBytes(UTF_8);
    try (Cram cram = Cram.open("../models/cram-trained", Precision.BF16, 2)) {
      CompressOptions narrow = new CompressOptions(1, Recipe.CRAM, 1, 0);
      CramFile file = cram.compress(original, narrow, CramListener.SILENT);
      assertThat(file.segments())
          .isNotEmpty()
          .allMatch(segment -> segment.minMargin() >= 0.75f)
          .anyMatch(segment -> !segment.patches().isEmpty());
      assertThat(cram.decompress("text.cram", file, CramListener.SILENT)).isEqualTo(original);
    }
  }

  @Test
  void aModelThatIsMadeForOneVectorInFloat32TakesNothingElse() {
    byte[] original = "The gate stood open.".getBytes(UTF_8);
    CompressOptions two = new CompressOptions(2, Recipe.CRAM, 1, 0);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 1)) {
      assertThatThrownBy(() -> cram.compress(original, two, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll("cram-tiny", "2 vectors");
    }
    try (Cram cram = Cram.open("cram-tiny", Precision.BF16, 1)) {
      assertThatThrownBy(
              () -> cram.compress(original, CompressOptions.DEFAULT, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll("cram-tiny", "f32");
    }
  }

  @Test
  void aPageTakesOneVectorOfTheModelThatShips() {
    String text = "The gate stood open, and nobody knew why. ".repeat(6);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
      CramFile file =
          cram.compress(text.getBytes(UTF_8), CompressOptions.DEFAULT, CramListener.SILENT);
      assertThat(file.segments()).hasSize(1);
      assertThat(file.segments().getFirst().steps()).isLessThan(100);
    }
  }

  @Test
  void instancesShareAModelThatStaysOpen() {
    byte[] original = "The gate stood open.".getBytes(UTF_8);
    try (Cram owner = Cram.open("cram-tiny", Precision.F32, 1)) {
      CramFile file;
      try (Cram one = Cram.on(owner.lm(), 1)) {
        file = one.compress(original, QUICK, CramListener.SILENT);
      }
      try (Cram other = Cram.on(owner.lm(), 2)) {
        assertThat(other.decompress("text.cram", file, CramListener.SILENT)).isEqualTo(original);
      }
      assertThat(owner.decompress("text.cram", file, CramListener.SILENT)).isEqualTo(original);
    }
  }

  @Test
  void aStepShowsTheVectorsThatItMeasured() {
    List<float[]> vectors = new ArrayList<>();
    CramListener listener =
        new CramListener() {
          @Override
          public void stepped(int firstToken, CramStep step) {
            vectors.add(step.vectors().toArray());
          }
        };
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 1)) {
      CramFile file = cram.compress("The gate".getBytes(UTF_8), CompressOptions.DEFAULT, listener);

      assertThat(vectors.getFirst()).hasSize(cram.lm().embeddingSize());
      // Kept are the vectors of the best step, which was heard of.
      float[] kept = file.segments().getFirst().vectors().values();
      assertThat(vectors).anySatisfy(heard -> assertThat(heard).isEqualTo(kept));
    }
  }

  @Test
  void theSameSeedGivesTheSameFileWhateverTheThreads() throws IOException {
    byte[] original = "Tokens of a tiny model are letters, so this is long.".getBytes(UTF_8);
    byte[][] files = new byte[4][];
    for (int i = 0; i < files.length; i++) {
      try (Cram cram = small("llama", i == 3 ? 1 : i + 1)) {
        CramFile file = cram.compress(original, QUICK, CramListener.SILENT);
        assertThat(file.segments()).hasSizeGreaterThan(2);
        assertThat(cram.decompress("text.cram", file, CramListener.SILENT)).isEqualTo(original);
        files[i] = bytes(file);
      }
    }
    assertThat(List.of(files)).allSatisfy(file -> assertThat(file).isEqualTo(files[0]));
  }

  @Test
  void filesInABatchBecomeWhatTheyBecomeAlone() throws IOException {
    List<byte[]> originals =
        Stream.of("A first text, with some words.", "", "Another one; \u00e9 too.", "Last.")
            .map(text -> text.getBytes(UTF_8))
            .toList();
    int[] held = new int[originals.size()];
    int[] announced = new int[originals.size()];
    try (Cram cram = small("llama", 3)) {
      List<CramFile> batch =
          cram.compress(
              originals,
              QUICK,
              text ->
                  new CramListener() {
                    @Override
                    public void textStarted(int tokens) {
                      announced[text] = tokens;
                    }

                    @Override
                    public void segmentFinished(int firstToken, Segment segment) {
                      held[text] += segment.tokenCount();
                    }
                  });
      for (int i = 0; i < originals.size(); i++) {
        CramFile alone = cram.compress(originals.get(i), QUICK, CramListener.SILENT);
        assertThat(bytes(batch.get(i))).isEqualTo(bytes(alone));
      }
    }
    assertThat(held).isEqualTo(announced);
  }

  @Test
  void aListenerThatFailsEndsTheWork() {
    byte[] original = "Tokens of a tiny model are letters, so this is long.".getBytes(UTF_8);
    try (Cram cram = small("llama", 2)) {
      CramListener failing =
          new CramListener() {
            @Override
            public void segmentFinished(int firstToken, Segment segment) {
              throw new IllegalStateException("no room on the screen");
            }
          };
      assertThatThrownBy(() -> cram.compress(original, QUICK, failing))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no room on the screen");
      CramFile file = cram.compress(original, QUICK, CramListener.SILENT);
      assertThat(cram.decompress("text.cram", file, CramListener.SILENT)).isEqualTo(original);
    }
  }

  @Test
  void anotherModelIsRefused() {
    assertRefused(small("llama"), small("llama_tied_mha"), "text.cram: was made with model llama ");
  }

  @Test
  void anotherPrecisionIsRefused() {
    assertRefused(
        Cram.open(TestModels.directory("llama_bf16").toString(), Precision.BF16, 2),
        Cram.open(TestModels.directory("llama_bf16").toString(), Precision.F32, 2),
        "text.cram: was verified in bf16, but llama_bf16 is open in f32");
  }

  @Test
  void aChangedTokenizerIsRefused(@TempDir Path changed) throws IOException {
    Path llama = TestModels.directory("llama");
    for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
      Files.copy(llama.resolve(file), changed.resolve(file));
    }
    Path tokenizer = changed.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer) + " ");
    assertRefused(
        small("llama"),
        Cram.open(changed.toString(), Precision.F32, 2),
        "text.cram: was made with the tokenizer of llama ");
  }

  @Test
  void aPatchOutsideTheVocabularyIsRefused() {
    try (Cram cram = small("llama")) {
      Segment segment = new Segment(2, 1, new float[64], List.of(new Patch(0, 512)), 0f, 0);
      CramFile file =
          CramFile.of(
              cram.identity(),
              Precision.F32,
              "cram",
              1,
              new byte[2],
              List.of(new Section.Run(List.of(segment))));
      assertThatThrownBy(() -> cram.decompress("text.cram", file, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "text.cram: patches in token 512, but llama has only 512; get an undamaged copy");
    }
  }

  @Test
  void theFewestVectorsHoldEqualPartsOfAText() {
    String text = "The gate stood open, and nobody knew.";
    CompressOptions options = new CompressOptions(1, Recipe.CRAM.withMaxSteps(150), 1, 0.1f);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
      CramFile file = cram.compressToFewest(text, options, CramListener.SILENT);
      int tokens = cram.lm().tokenizer().encode(text).length;
      int parts = file.segments().size();
      assertThat(file.segments())
          .allSatisfy(segment -> {
            assertThat(segment.vectorCount()).isOne();
            assertThat(segment.patches()).isEmpty();
            assertThat(segment.tokenCount()).isBetween(tokens / parts, Math.ceilDiv(tokens, parts));
          });
      assertThat(file.segments().stream().mapToInt(Segment::tokenCount).sum()).isEqualTo(tokens);
      assertThat(cram.decompress("text.cram", file, CramListener.SILENT))
          .asString(UTF_8)
          .isEqualTo(text);
    }
  }

  @Test
  void theFewestVectorsRejectATextThatTheyDoNotHold() {
    CompressOptions options = new CompressOptions(1, Recipe.CRAM.withMaxSteps(1), 1, 0.1f);
    try (Cram cram = small("llama")) {
      for (String text : List.of("zyx wvu tsr qpo nml", "longer than the context ".repeat(10))) {
        assertThatThrownBy(() -> cram.compressToFewest(text, options, CramListener.SILENT))
            .isInstanceOf(InputException.class)
            .hasMessageContaining("llama cannot hold this text exactly");
      }
      assertThatThrownBy(() -> cram.compressToFewest("", options, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("a text of 0 characters");
    }
  }

  @Test
  void moreVectorsThanTheContextHoldsAreRefused() {
    try (Cram cram = small("llama")) {
      CompressOptions options = new CompressOptions(129, QUICK.recipe(), 1, 0.1f);
      assertThatThrownBy(() -> cram.compress("text".getBytes(UTF_8), options, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("129 vectors leave no position");
    }
    assertThatThrownBy(() -> new CompressOptions(0, QUICK.recipe(), 1, 0.1f))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void assertRefused(Cram maker, Cram reader, String message) {
    try (maker;
        reader) {
      CramFile file =
          maker.compress("Some text of ours.".getBytes(UTF_8), QUICK, CramListener.SILENT);
      assertThatThrownBy(() -> reader.decompress("text.cram", file, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith(message)
          .message()
          .doesNotContain("\n");
    }
  }

  private static Cram small(String fixture) {
    return small(fixture, 2);
  }

  private static Cram small(String fixture, int threads) {
    return Cram.open(TestModels.directory(fixture).toString(), Precision.F32, threads);
  }

  private static byte[] bytes(CramFile file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    file.write(out);
    return out.toByteArray();
  }
}
