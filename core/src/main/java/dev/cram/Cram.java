package dev.cram;

import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

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
 * <p>One thread at a time may use an instance; it keeps all of the threads busy itself.
 */
public final class Cram implements AutoCloseable {
  private final Workers workers;
  private final CausalLm lm;
  private final boolean closesLm;
  private final TextTokenizer tokenizer;

  private Cram(Workers workers, CausalLm lm, boolean closesLm) {
    this.workers = workers;
    this.lm = lm;
    this.closesLm = closesLm;
    this.tokenizer = TextTokenizer.of(lm.tokenizer(), lm.vocabularySize());
  }

  /**
   * Opens a model.
   *
   * @param model {@code cram-tiny}, the path of a Hugging Face model directory, or the name of a
   *     downloaded model on the hub, {@code OWNER/NAME}
   * @param threads how many threads compute, at least 1; results do not depend on it
   * @throws InputException if the model is missing, damaged or not supported
   */
  public static Cram open(String model, Precision precision, int threads) {
    Workers workers = new Workers(threads);
    try {
      return new Cram(workers, CausalLm.open(model, precision, workers), true);
    } catch (RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  /**
   * Uses a model that is open; several instances may share it, each from a thread of its own.
   *
   * @param lm stays open when this is closed
   * @param threads how many threads compute, at least 1; results do not depend on it
   */
  public static Cram on(CausalLm lm, int threads) {
    return new Cram(new Workers(threads), lm, false);
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
    return compress(List.of(original), options, text -> listener).getFirst();
  }

  /**
   * Compresses many files at once, which keeps all threads busy even if each is short. Each becomes
   * what it would become alone.
   *
   * @param listeners of the file of each index; all are called one at a time
   * @throws InputException if the model has no room for the vectors that were asked for
   */
  public List<CramFile> compress(
      List<byte[]> originals, CompressOptions options, IntFunction<CramListener> listeners) {
    int maxTokens = maxTokens(options);
    List<Stretches> texts = new ArrayList<>();
    List<CramListener> shared = new ArrayList<>();
    Lanes<Lane> lanes = new Lanes<>();
    int segments = 0;
    for (int text = 0; text < originals.size(); text++) {
      List<Piece> pieces = Pieces.split(originals.get(text), tokenizer);
      Stretches stretches = new Stretches(pieces, options, maxTokens);
      texts.add(stretches);
      segments += stretches.guessedSegments();
      CramListener listener = listeners.apply(text);
      listener.textStarted(stretches.tokenCount());
      shared.add(lanes.shared(listener));
    }
    lanes.run(
        workers,
        segments,
        team -> Lane.open(lm, team, options),
        () -> {
          for (int text = 0; text < texts.size(); text++) {
            Stretches.Stretch stretch = texts.get(text).next();
            if (stretch != null) {
              CramListener listener = shared.get(text);
              return lane -> stretch.run(lane.segmenter(options, listener));
            }
          }
          return null;
        });
    return IntStream.range(0, texts.size())
        .mapToObj(text -> file(originals.get(text), options, texts.get(text).sections()))
        .toList();
  }

  private int maxTokens(CompressOptions options) {
    int maxTokens = lm.maxPositions() - options.vectors() + 1;
    if (maxTokens < 1) {
      throw new InputException(
          options.vectors()
              + " vectors leave no position for tokens: the model has "
              + lm.maxPositions()
              + " positions; use fewer");
    }
    return maxTokens;
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
    int fewest = Math.ceilDiv(tokens.length, lm.maxPositions());
    for (int vectors = fewest; vectors <= tokens.length; vectors++) {
      listener.textStarted(tokens.length);
      List<Segment> segments = new EqualParts(tokens, vectors, options).find(lm, workers, listener);
      if (!segments.isEmpty()) {
        byte[] original = text.getBytes(StandardCharsets.UTF_8);
        return file(original, options, List.of(new Section.Run(segments)));
      }
    }
    throw new InputException(
        lm.name() + " cannot hold this text exactly; use compress, which patches what is missed");
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
    List<int[]> decoded = decode(file.segments(), listener);
    int segment = 0;
    List<Piece> pieces = new ArrayList<>();
    for (Section section : file.sections()) {
      switch (section) {
        case Section.Raw raw -> pieces.add(new Piece.RawBytes(raw.bytes()));
        case Section.Run run -> {
          List<int[]> own = decoded.subList(segment, segment + run.segments().size());
          pieces.add(new Piece.TokenRun(own.stream().flatMapToInt(Arrays::stream).toArray()));
          segment += own.size();
        }
      }
    }
    byte[] restored = Pieces.join(pieces, tokenizer);
    file.checkRestored(name, restored);
    return restored;
  }

  /** The tokens of each segment. */
  private List<int[]> decode(List<Segment> segments, CramListener listener) {
    int allTokens = segments.stream().mapToInt(Segment::tokenCount).sum();
    int[][] decoded = new int[segments.size()][];
    AtomicInteger next = new AtomicInteger();
    AtomicInteger tokens = new AtomicInteger();
    Lanes<DecodingPath> lanes = new Lanes<>();
    CramListener shared = lanes.shared(listener);
    lanes.run(
        workers,
        segments.size(),
        team -> new DecodingPath(lm, team),
        () -> {
          int segment = next.getAndIncrement();
          return segment >= segments.size()
              ? null
              : path -> {
                decoded[segment] = path.decode(segments.get(segment));
                shared.decoded(tokens.addAndGet(decoded[segment].length), allTokens);
              };
        });
    return List.of(decoded);
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

  /** Releases the threads, and the model if it was opened here. */
  @Override
  public void close() {
    if (closesLm) {
      lm.close();
    }
    workers.close();
  }
}
