package dev.cram;

import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.text.Piece;
import dev.cram.text.Pieces;
import dev.cram.text.TextTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Compresses texts into vectors of one model, and gives them back.
 *
 * <pre>{@code
 * try (Cram cram = Cram.open("cram-tiny", Precision.F32, 2)) {
 *   CramFile file = cram.compress(bytes, CompressOptions.DEFAULT, CramListener.SILENT);
 *   byte[] same = cram.decompress("my text", file, CramListener.SILENT);
 * }
 * }</pre>
 *
 * <p>One thread at a time may use an instance.
 */
public final class Cram implements AutoCloseable {
  /** Random starts of a search that comes near, where no vector more is to be spent. */
  private static final int STARTS = 3;

  /** The accuracy from which another start is worth its time. */
  private static final double NEAR = 0.9;

  private final Workers workers;
  private final CausalLm lm;
  private final TextTokenizer tokenizer;

  private Cram(Workers workers, CausalLm lm) {
    this.workers = workers;
    this.lm = lm;
    this.tokenizer =
        new TextTokenizer() {
          @Override
          public int[] encode(String text) {
            // Without a token that the model has no row for, the text does not survive and is
            // stored as it is.
            return Arrays.stream(lm.tokenizer().encode(text))
                .filter(token -> token < lm.vocabularySize())
                .toArray();
          }

          @Override
          public String decode(int[] tokens) {
            return lm.tokenizer().decode(tokens);
          }
        };
  }

  /**
   * Opens a model.
   *
   * @param model {@code cram-tiny}, or the path of a Hugging Face model directory
   * @param threads how many threads compute, at least 1; results do not depend on it
   * @throws InputException if the model is missing, damaged or not supported
   */
  public static Cram open(String model, Precision precision, int threads) {
    Workers workers = new Workers(threads);
    try {
      return new Cram(workers, CausalLm.open(model, precision, workers));
    } catch (RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  /** The model that texts are compressed with. */
  public CausalLm lm() {
    return lm;
  }

  /** What a file must have been made with to be decompressed here. */
  public ModelIdentity identity() {
    return new ModelIdentity(
        lm.name(), lm.weightFingerprint(), lm.tokenizer().fingerprint(), lm.embeddingSize());
  }

  /**
   * Compresses bytes of any kind. What comes back from {@link #decompress} is exactly these bytes:
   * text as vectors, everything else as it is.
   *
   * @throws InputException if the model has no room for the vectors that were asked for
   */
  public CramFile compress(byte[] original, CompressOptions options, CramListener listener) {
    List<Piece> pieces = Pieces.split(original, tokenizer);
    listener.textStarted(
        pieces.stream()
            .mapToInt(piece -> piece instanceof Piece.TokenRun run ? run.tokens().length : 0)
            .sum());
    List<Section> sections = new ArrayList<>();
    try (VectorSearch search = search(options);
        DecodingPath decodingPath = new DecodingPath(lm, workers)) {
      int maxTokens = lm.maxPositions() - options.vectors() + 1;
      Segmenter segmenter = new Segmenter(search, decodingPath, options, maxTokens, listener);
      for (Piece piece : pieces) {
        sections.add(
            switch (piece) {
              case Piece.TokenRun run -> new Section.Run(segmenter.segments(run.tokens()));
              case Piece.RawBytes raw -> new Section.Raw(raw.bytes());
            });
      }
    }
    return file(original, options, sections);
  }

  /**
   * Compresses a text into as few vectors as hold it exactly: tries one vector, then two, and so
   * on, each for an equal part of the text.
   *
   * @param text at least one character
   * @param options its number of vectors does not matter here
   * @throws InputException if the text is empty or does not survive the model's tokenizer, or if
   *     even one vector a token fails
   */
  public CramFile compressToFewest(String text, CompressOptions options, CramListener listener) {
    int[] tokens = tokenizer.encode(text);
    if (text.isEmpty() || !tokenizer.decode(tokens).equals(text)) {
      throw new InputException(
          "a text of "
              + text.length()
              + " characters that the tokenizer of "
              + lm.name()
              + " does not give back cannot be held by vectors alone; compress it as a file");
    }
    listener.textStarted(tokens.length);
    try (VectorSearch search = search(options);
        DecodingPath decodingPath = new DecodingPath(lm, workers)) {
      int fewest = Math.ceilDiv(tokens.length, lm.maxPositions());
      for (int vectors = fewest; vectors <= tokens.length; vectors++) {
        List<Segment> segments = parts(tokens, vectors, search, decodingPath, options, listener);
        if (segments.size() == vectors) {
          byte[] original = text.getBytes(StandardCharsets.UTF_8);
          return file(original, options, List.of(new Section.Run(segments)));
        }
      }
    }
    throw new InputException(
        lm.name() + " cannot hold this text exactly; use compress, which patches what is missed");
  }

  private static boolean isNear(VectorSearch.Found found, int[] tokens) {
    return found.score().exactPrefix() < tokens.length && found.score().accuracy() >= NEAR;
  }

  /** Segments of equal length, one vector each, up to the first that is not exact. */
  private static List<Segment> parts(
      int[] tokens,
      int count,
      VectorSearch search,
      DecodingPath decodingPath,
      CompressOptions options,
      CramListener listener) {
    List<Segment> segments = new ArrayList<>();
    for (int part = 0; part < count; part++) {
      int from = (int) ((long) tokens.length * part / count);
      int to = (int) ((long) tokens.length * (part + 1) / count);
      int[] own = Arrays.copyOfRange(tokens, from, to);
      VectorSearch.Found found = null;
      for (int start = 0; start < STARTS && (found == null || isNear(found, own)); start++) {
        listener.segmentStarted(part, from, own, 1);
        var random = new SplittableRandom(options.seed() + start);
        found = search.search(own, 1, random, listener);
      }
      Segment segment = decodingPath.verify(own, found.vectors(), found.steps());
      if (!segment.patches().isEmpty()) {
        break;
      }
      listener.segmentFinished(part, true, 0, segment.minMargin(), segment.steps());
      segments.add(segment);
    }
    return segments;
  }

  private VectorSearch search(CompressOptions options) {
    return new VectorSearch(
        lm,
        workers,
        options.recipe(),
        Objective.PREDICT_ALL,
        Score.BY_SECURE_PREFIX,
        options.marginGoal());
  }

  private CramFile file(byte[] original, CompressOptions options, List<Section> sections) {
    return CramFile.of(
        identity(), lm.precision(), options.recipe().name(), options.seed(), original, sections);
  }

  /**
   * Gives back the original bytes.
   *
   * @param name what errors call the file
   * @throws InputException if the file was made with another model or precision, or does not decode
   *     to its original here
   */
  public byte[] decompress(String name, CramFile file, CramListener listener) {
    file.check(name, identity());
    checkDecodable(name, file);
    int allTokens = file.segments().stream().mapToInt(Segment::tokenCount).sum();
    int decoded = 0;
    List<Piece> pieces = new ArrayList<>();
    try (DecodingPath decodingPath = new DecodingPath(lm, workers)) {
      for (Section section : file.sections()) {
        switch (section) {
          case Section.Raw raw -> pieces.add(new Piece.RawBytes(raw.bytes()));
          case Section.Run run -> {
            int length = run.segments().stream().mapToInt(Segment::tokenCount).sum();
            int[] tokens = new int[length];
            int at = 0;
            for (Segment segment : run.segments()) {
              System.arraycopy(decodingPath.decode(segment), 0, tokens, at, segment.tokenCount());
              at += segment.tokenCount();
              decoded += segment.tokenCount();
              listener.decoded(decoded, allTokens);
            }
            pieces.add(new Piece.TokenRun(tokens));
          }
        }
      }
    }
    byte[] restored = Pieces.join(pieces, tokenizer);
    file.checkRestored(name, restored);
    return restored;
  }

  private void checkDecodable(String name, CramFile file) {
    if (file.precision() != lm.precision()) {
      throw new InputException(
          name
              + ": was verified in "
              + name(file.precision())
              + ", but "
              + lm.name()
              + " is open in "
              + name(lm.precision())
              + ", which may decode something else; open the model in "
              + name(file.precision()));
    }
    for (Segment segment : file.segments()) {
      for (Patch patch : segment.patches()) {
        if (patch.token() >= lm.vocabularySize()) {
          throw new InputException(
              name
                  + ": patches in token "
                  + patch.token()
                  + ", but "
                  + lm.name()
                  + " has only "
                  + lm.vocabularySize()
                  + "; get an undamaged copy");
        }
      }
    }
  }

  private static String name(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  /** Releases the model and the threads. */
  @Override
  public void close() {
    lm.close();
    workers.close();
  }
}
