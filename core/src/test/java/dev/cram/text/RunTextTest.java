package dev.cram.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.ModelFiles;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RunTextTest {
  @Test
  void aTextIsCutBetweenCharactersOnly() {
    try (ModelFiles model = ModelFiles.open(ModelFiles.EMBEDDED)) {
      TextTokenizer tokenizer = TextTokenizer.of(model.tokenizer(), Integer.MAX_VALUE);
      int[] tokens = tokenizer.encode("The gate \u9580\u958B stood.");
      int[] lengths = new int[tokens.length];
      Arrays.fill(lengths, 1);

      int[] bytes = new RunText(tokenizer).bytes(tokens, lengths);

      // Each ideograph is three bytes in several tokens: only the last of them ends it.
      assertThat(bytes).contains(0).endsWith(1);
      assertThat(Arrays.stream(bytes).sum()).isEqualTo(22);
      assertPartsMakeTheText(tokenizer, tokens, lengths);
    }
  }

  @Property(tries = 200)
  void partsMakeTheTextWhateverTheTokenizerDoes(@ForAll String text, @ForAll long seed) {
    for (TextTokenizer tokenizer : FakeTokenizers.all()) {
      int[] tokens = tokenizer.encode(text);
      if (tokens.length == 0 || tokenizer.decode(tokens).isEmpty()) {
        continue;
      }
      Random random = new Random(seed);
      int[] lengths = new int[tokens.length];
      int count = 0;
      for (int at = 0; at < tokens.length; at += lengths[count++]) {
        lengths[count] = 1 + random.nextInt(Math.min(4, tokens.length - at));
      }
      assertPartsMakeTheText(tokenizer, tokens, Arrays.copyOf(lengths, count));
    }
  }

  /** As a reader puts them together. */
  private static void assertPartsMakeTheText(TextTokenizer tokenizer, int[] tokens, int[] lengths) {
    RunText texts = new RunText(tokenizer);
    int[] bytes = texts.bytes(tokens, lengths);
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    int from = 0;
    int to = 0;
    for (int part = 0; part < lengths.length; part++) {
      to += lengths[part];
      if (bytes[part] > 0) {
        byte[] own = texts.of(Arrays.copyOfRange(tokens, from, to), from == 0);
        assertThat(own).hasSize(bytes[part]);
        joined.writeBytes(own);
        from = to;
      }
    }
    assertThat(bytes[bytes.length - 1]).isPositive();
    assertThat(joined.toByteArray()).isEqualTo(tokenizer.decode(tokens).getBytes(UTF_8));
  }
}
