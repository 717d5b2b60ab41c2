package dev.cram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.container.CramFile;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.container.Vectors;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.text.Original;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Journals, ranges, damage, time budgets. */
class BookTest {
  private static final CompressOptions QUICK =
      new CompressOptions(1, Recipe.CRAM.withMaxSteps(15), 1, 0.1f);
  private static final byte[] TEXT =
      "One text, \u9580 and \u958B, that is cut into a few segments by a model of letters."
          .getBytes(UTF_8);

  @TempDir Path folder;

  @Test
  void stoppedAnywhereTheSameCallGoesOnAndTheFileIsTheSame() throws IOException {
    Path journal = folder.resolve("book.cram.journal");
    byte[] expected;
    int segments;
    try (Cram cram = small(2)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      expected = bytes(file);
      segments = file.segments().size();
    }
    assertThat(segments).isGreaterThan(3);
    Random random = new Random(1);
    int stops = 0;
    AtomicInteger kept = new AtomicInteger();
    while (true) {
      // A stop after every few segments, with another number of threads each time.
      AtomicInteger left = new AtomicInteger(1 + random.nextInt(2));
      kept.set(0);
      CramListener stopping =
          new CramListener() {
            @Override
            public void segmentKept(int firstToken, Segment segment) {
              kept.incrementAndGet();
            }

            @Override
            public void segmentStarted(int firstToken, int[] tokens, int vectors) {
              if (left.getAndDecrement() == 0) {
                throw new IllegalStateException("stopped");
              }
            }
          };
      try (Cram cram = small(1 + stops % 2)) {
        List<byte[]> results = new ArrayList<>();
        cram.compress(
            Original.of(TEXT),
            QUICK,
            Optional.of(journal),
            stopping,
            file -> results.add(bytesOf(file)));
        assertThat(results).singleElement().isEqualTo(expected);
        break;
      } catch (IllegalStateException e) {
        assertThat(journal).exists();
        stops++;
      }
    }
    assertThat(stops).isGreaterThan(1);
    assertThat(kept.get()).isPositive();
    assertThat(journal).doesNotExist();
  }

  @Test
  void withABudgetNothingThatWasFoundIsSearchedAgain() throws IOException {
    Path journal = folder.resolve("book.cram.journal");
    byte[] text = new String(TEXT, UTF_8).repeat(4).getBytes(UTF_8);
    CompressOptions hour =
        new CompressOptions(1, Recipe.CRAM.withMaxSteps(80), 1, 0.1f).withBudget(3600);
    AtomicInteger found = new AtomicInteger();
    CramListener stopping =
        new CramListener() {
          @Override
          public void segmentStarted(int firstToken, int[] tokens, int vectors) {
            if (found.get() == 12) {
              throw new IllegalStateException("stopped");
            }
          }

          @Override
          public void segmentFinished(int firstToken, Segment segment) {
            found.incrementAndGet();
          }
        };
    AtomicInteger kept = new AtomicInteger();
    CramListener counting =
        new CramListener() {
          @Override
          public void segmentKept(int firstToken, Segment segment) {
            kept.incrementAndGet();
          }
        };
    try (Cram cram = small(1)) {
      assertThatThrownBy(() ->
              cram.compress(Original.of(text), hour, Optional.of(journal), stopping, file -> {}))
          .hasMessage("stopped");
      List<byte[]> results = new ArrayList<>();
      cram.compress(
          Original.of(text),
          hour,
          Optional.of(journal),
          counting,
          file -> results.add(bytesOf(file)));

      assertThat(kept.get()).isEqualTo(found.get()).isEqualTo(12);
      CramFile file = CramFile.read("x", results.getFirst());
      assertThat(cram.decompress("x", file, CramListener.SILENT)).isEqualTo(text);
    }
  }

  @Test
  void aJournalOfAnotherTextIsRefused() {
    Path journal = folder.resolve("book.cram.journal");
    try (Cram cram = small(1)) {
      CramListener failing =
          new CramListener() {
            @Override
            public void segmentStarted(int firstToken, int[] tokens, int vectors) {
              if (firstToken == 0) {
                return;
              }
              throw new IllegalStateException("stopped");
            }
          };
      assertThatThrownBy(() ->
              cram.compress(Original.of(TEXT), QUICK, Optional.of(journal), failing, file -> {}))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() ->
              cram.compress(
                  Original.of(new byte[] {'a'}),
                  QUICK,
                  Optional.of(journal),
                  CramListener.SILENT,
                  file -> {}))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("with another text");
    }
  }

  @Test
  void anyRangeIsDecodedByItself() throws IOException {
    byte[] original = Arrays.copyOf(TEXT, TEXT.length + 40);
    Arrays.fill(original, TEXT.length, original.length, (byte) 0xFF);
    try (Cram cram = small(2)) {
      CramFile file = read(cram.compress(original, QUICK, CramListener.SILENT));
      assertThat(file.hasOffsets()).isTrue();
      for (int begin = 0; begin <= original.length; begin += 7) {
        for (int end = begin; end <= original.length; end += 11) {
          AtomicInteger decoded = new AtomicInteger();
          CramListener counting =
              new CramListener() {
                @Override
                public void decoded(int tokens, int allTokens) {
                  decoded.set(allTokens);
                }
              };
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          Restored restored = cram.decompress("x", file, begin, end, false, out, counting);
          assertThat(out.toByteArray()).isEqualTo(Arrays.copyOfRange(original, begin, end));
          assertThat(restored.bytes()).isEqualTo(end - begin);
          assertThat(decoded.get()).isLessThan(TEXT.length);
        }
      }
    }
  }

  @Test
  void aWrongSegmentIsNamedAndTheOthersComeBack() throws IOException {
    try (Cram cram = small(2)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      CramFile wrong = read(withoutVectors(file, 1));
      Segment lost = file.segments().get(1);
      int from = file.segments().getFirst().bytes();

      assertThatThrownBy(() -> cram.decompress("x.cram", wrong, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("x.cram: of " + file.segments().size() + " segments did not")
          .hasMessageContainingAll(
              "segment 1 (bytes " + from + " to " + (from + lost.bytes()) + ")", "--keep-going");

      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Restored restored =
          cram.decompress("x.cram", wrong, 0, Long.MAX_VALUE, true, out, CramListener.SILENT);
      assertThat(restored.isOriginal()).isFalse();
      assertThat(restored.lost()).containsExactly(new Restored.Lost(1, 1, from, lost.bytes()));
      String text = new String(TEXT, UTF_8);
      String before = new String(TEXT, 0, from, UTF_8);
      assertThat(out.toString(UTF_8))
          .isEqualTo(
              before
                  + "[... "
                  + lost.bytes()
                  + " bytes lost ...]"
                  + text.substring(new String(TEXT, 0, from + lost.bytes(), UTF_8).length()));
    }
  }

  @Test
  void aRangeAroundALostPartHasTheRightBytesAndTheRemark() throws IOException {
    try (Cram cram = small(2)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      CramFile wrong = read(withoutVectors(file, 1));
      int from = file.segments().getFirst().bytes();
      int to = from + file.segments().get(1).bytes();
      byte[] remark = ("[... " + (to - from) + " bytes lost ...]").getBytes(UTF_8);
      for (int begin = 0; begin <= TEXT.length; begin += 3) {
        for (int end = begin; end <= TEXT.length; end += 5) {
          ByteArrayOutputStream expected = new ByteArrayOutputStream();
          expected.write(TEXT, begin, Math.max(0, Math.min(end, from) - begin));
          boolean touches = begin < to && end > from;
          expected.write(remark, 0, touches ? remark.length : 0);
          int behind = Math.max(begin, to);
          expected.write(TEXT, Math.min(behind, TEXT.length), Math.max(0, end - behind));

          ByteArrayOutputStream out = new ByteArrayOutputStream();
          Restored restored =
              cram.decompress("x", wrong, begin, end, true, out, CramListener.SILENT);
          assertThat(out.toByteArray()).as("%d:%d", begin, end).isEqualTo(expected.toByteArray());
          assertThat(restored.bytes()).isEqualTo(expected.size());
        }
      }
    }
  }

  @Test
  void aRangeOfAFileWithoutOffsetsIsRightToo() throws IOException {
    byte[] original = new byte[TEXT.length + 80];
    Arrays.fill(original, (byte) 0xFF);
    System.arraycopy(TEXT, 0, original, 40, TEXT.length);
    try (Cram cram = small(2)) {
      CramFile file = cram.compress(original, QUICK, CramListener.SILENT);
      CramFile old = withSegments(file, BookTest::withoutOffset);
      assertThat(old.hasOffsets()).isFalse();
      for (int begin = 0; begin <= original.length; begin += 13) {
        int end = Math.min(original.length, begin + 30);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        cram.decompress("x", old, begin, end, false, out, CramListener.SILENT);
        assertThat(out.toByteArray())
            .as("%d:%d", begin, end)
            .isEqualTo(Arrays.copyOfRange(original, begin, end));
      }
    }
  }

  @Test
  void whatNoModelDecodesIsLostAloneAndTheOthersComeBack() {
    try (Cram cram = small(2)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      int bytes = file.segments().get(1).bytes();
      for (CramFile wrong :
          List.of(
              withSegment(file, 1, BookTest::endless), withSegment(file, 1, BookTest::foreign))) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Restored restored =
            cram.decompress("x", wrong, 0, Long.MAX_VALUE, true, out, CramListener.SILENT);
        assertThat(restored.lost()).extracting(Restored.Lost::firstSegment).containsExactly(1);
        assertThat(out.size()).isGreaterThan(TEXT.length - bytes);

        assertThatThrownBy(() -> cram.decompress("x", wrong, CramListener.SILENT))
            .isInstanceOf(InputException.class);
      }
    }
  }

  @Test
  void vectorsThatMakeAModelOverflowAreLostAlone() {
    // A layer norm takes the mean of a row, which is infinite.
    String model = TestModels.directory("gpt2").toString();
    try (Cram cram = Cram.open(model, Precision.F32, 1)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      CramFile wrong = withSegment(file, 1, segment -> filled(segment, Float.MAX_VALUE));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Restored restored =
          cram.decompress("x", wrong, 0, Long.MAX_VALUE, true, out, CramListener.SILENT);
      assertThat(restored.lost()).extracting(Restored.Lost::firstSegment).containsExactly(1);
      assertThatThrownBy(() -> cram.decompress("x", wrong, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("segment 1 ");
    }
  }

  @Test
  void whereARangeLiesBehindALostPartOfUnknownLengthIsNotGuessed() {
    try (Cram cram = small(1)) {
      CramFile file = cram.compress(TEXT, QUICK, CramListener.SILENT);
      CramFile wrong =
          withSegments(withSegment(file, 1, BookTest::endless), BookTest::withoutOffset);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      assertThatThrownBy(() -> cram.decompress("x", wrong, 5, 20, true, out, CramListener.SILENT))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("leave the range out");
      cram.decompress("x", wrong, 0, Long.MAX_VALUE, true, out, CramListener.SILENT);
      assertThat(out.toString(UTF_8)).contains("[... text lost ...]");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 6, 8, 16})
  void vectorsOfFewBitsAreExactToo(int bits) throws IOException {
    CompressOptions options = CompressOptions.DEFAULT.withVectorBits(bits);
    byte[] original = "The gate stood open.".getBytes(UTF_8);
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
      CramFile file = cram.compress(original, options, CramListener.SILENT);
      byte[] bytes = bytes(file);
      CramFile read = CramFile.read("x", bytes);

      assertThat(read.vectorBits()).isEqualTo(bits);
      assertThat(cram.decompress("x", read, CramListener.SILENT)).isEqualTo(original);
      if (bits == 6 || bits == 8) { // fewer do not hold what this model tells apart
        assertThat(file.segments()).allMatch(segment -> segment.patches().isEmpty());
      }
      assertThat(file.verified().areKnown()).isTrue();
    }
  }

  @Test
  void whatABudgetHasNoTimeForIsKeptAsItIs() throws IOException {
    try (Cram cram = small(2)) {
      CompressOptions none = QUICK.withBudget(1e-9);
      CramFile file = read(cram.compress(TEXT, none, CramListener.SILENT));
      assertThat(file.sections()).singleElement().isInstanceOf(Section.Raw.class);
      assertThat(cram.decompress("x", file, CramListener.SILENT)).isEqualTo(TEXT);

      byte[] longer = new String(TEXT, UTF_8).repeat(60).getBytes(UTF_8);
      CramFile some = read(cram.compress(longer, QUICK.withBudget(0.6), CramListener.SILENT));
      assertThat(cram.decompress("x", some, CramListener.SILENT)).isEqualTo(longer);
    }
  }

  /** The same file with the vectors of a segment all zero: checksums of the file are right. */
  private static CramFile withoutVectors(CramFile file, int which) {
    return withSegment(file, which, segment -> filled(segment, 0));
  }

  private static CramFile withSegment(CramFile file, int which, UnaryOperator<Segment> change) {
    Segment changed = file.segments().get(which);
    return withSegments(file, segment -> segment == changed ? change.apply(segment) : segment);
  }

  private static CramFile withSegments(CramFile file, UnaryOperator<Segment> change) {
    List<Section> sections = new ArrayList<>();
    for (Section section : file.sections()) {
      sections.add(
          switch (section) {
            case Section.Raw raw -> raw;
            case Section.Run run -> new Section.Run(run.segments().stream().map(change).toList());
          });
    }
    return new CramFile(
        file.model(),
        file.precision(),
        file.recipe(),
        file.seed(),
        file.vectorBits(),
        file.verified(),
        file.originalBytes(),
        file.originalSha256(),
        sections);
  }

  /** As in files of version 1. */
  private static Segment withoutOffset(Segment segment) {
    return new Segment(
        segment.tokenCount(),
        segment.vectorCount(),
        segment.vectors().values(),
        segment.patches(),
        segment.minMargin(),
        segment.steps());
  }

  /** With vectors whose elements are all the same. */
  private static Segment filled(Segment segment, float value) {
    float[] values = new float[segment.vectors().size()];
    Arrays.fill(values, value);
    return segment.withVectors(Vectors.of(values));
  }

  /** With more tokens than the model has positions for. */
  private static Segment endless(Segment segment) {
    return changed(segment, Segment.MAX_TOKENS, segment.patches());
  }

  /** With a patch of a token that the model does not have. */
  private static Segment foreign(Segment segment) {
    return changed(segment, segment.tokenCount(), List.of(new Patch(0, 1 << 20)));
  }

  private static Segment changed(Segment segment, int tokenCount, List<Patch> patches) {
    return new Segment(
        tokenCount,
        segment.vectorCount(),
        segment.vectors(),
        patches,
        segment.minMargin(),
        segment.steps(),
        segment.crc32(),
        segment.bytes());
  }

  private static Cram small(int threads) {
    return Cram.open(TestModels.directory("llama").toString(), Precision.F32, threads);
  }

  private static CramFile read(CramFile file) throws IOException {
    return CramFile.read("x", bytes(file));
  }

  private static byte[] bytesOf(CramFile file) {
    try {
      return bytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(CramFile file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    file.write(out);
    return out.toByteArray();
  }
}
