package dev.cram;

import dev.cram.container.Conditions;
import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.onednn.Kernels;
import dev.cram.text.Original;
import dev.cram.text.RunText;
import dev.cram.text.TextBlocks;
import dev.cram.text.TextTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
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
  /**
   * How many tokens vectors hold, for each of their components, where logits are steep in them: as
   * tools/build_reader.py makes such models.
   */
  private static final double STEEP_TOKENS_OF_COMPONENT = 0.96;

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
   * @param model as {@link CausalLm#open} takes it
   * @param threads how many threads compute, at least 1; results do not depend on it
   * @throws InputException if the model is missing, damaged or not supported
   */
  public static Cram open(String model, Precision precision, int threads) {
    Workers workers = new Workers(threads);
    CausalLm lm = null;
    try {
      lm = CausalLm.open(model, precision, workers);
      return new Cram(workers, lm, true);
    } catch (RuntimeException | Error e) {
      if (lm != null) {
        lm.close();
      }
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
    Workers workers = new Workers(threads);
    try {
      return new Cram(workers, lm, false);
    } catch (RuntimeException | Error e) {
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
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < originals.size(); i++) {
      TextBlocks text = new TextBlocks(Original.of(originals.get(i)), tokenizer);
      jobs.add(new Job(text, Finished.IN_MEMORY, listeners.apply(i)));
    }
    return compress(jobs, options);
  }

  /**
   * Compresses a file of any length, a book for example. Segments go to a journal as they are
   * found; whatever ends the process, the same call goes on from there. Neither the text nor its
   * vectors are in memory as a whole.
   *
   * @param journal where the journal is kept until the result is in place; without one, vectors are
   *     in memory
   * @param result takes the result and puts it in place; its vectors are in the journal, which is
   *     deleted when this returns
   * @throws InputException if the model has no room for the vectors that were asked for, or a file
   *     cannot be read or written, or the journal belongs to another text, other options or a
   *     processor that computes otherwise
   */
  public void compress(
      Original original,
      CompressOptions options,
      Optional<Path> journal,
      CramListener listener,
      Consumer<CramFile> result) {
    TextBlocks text = new TextBlocks(original, tokenizer);
    if (journal.isEmpty()) {
      result.accept(compress(text, Finished.IN_MEMORY, options, listener));
      return;
    }
    try (Journal kept = Journal.open(journal.get(), identity(text, options))) {
      result.accept(compress(text, kept, options, listener));
      kept.delete();
    }
  }

  private CramFile compress(
      TextBlocks text, Finished finished, CompressOptions options, CramListener listener) {
    CramFile file = compress(List.of(new Job(text, finished, listener)), options).getFirst();
    text.checkUnchanged();
    return file;
  }

  /** All that a segment depends on. */
  private List<String> identity(TextBlocks text, CompressOptions options) {
    Recipe recipe = options.recipe();
    ModelIdentity model = identity();
    return List.of(
        "text " + text.sha256(),
        "model " + model.weightFingerprint() + " " + model.tokenizerFingerprint(),
        "precision " + name(lm.precision()),
        "vectors " + options.vectors(),
        "bits " + options.vectorBits(),
        "recipe " + recipe.name() + " " + Recipe.revision(recipe.name()),
        "steps " + recipe.maxSteps() + " " + recipe.patience(),
        "seed " + options.seed(),
        "margin " + options.marginGoal(),
        "budget " + (options.budgetSeconds() > 0),
        "processor " + Kernels.instructionSet() + " " + Kernels.lanes());
  }

  /** A text to be compressed. */
  private record Job(TextBlocks text, Finished finished, CramListener listener) {}

  private List<CramFile> compress(List<Job> jobs, CompressOptions options) {
    if (jobs.isEmpty()) {
      return List.of();
    }
    int components = options.vectors() * lm.embeddingSize();
    int positions = maxTokens(options);
    boolean steep = isSteep(options, positions);
    if (steep) {
      checkSteep(options);
    }
    int maxTokens =
        steep ? Math.min(positions, (int) (STEEP_TOKENS_OF_COMPONENT * components)) : positions;
    List<Stretches> texts = new ArrayList<>();
    List<CramListener> shared = new ArrayList<>();
    Lanes<Lane> lanes = new Lanes<>();
    int segments = 0;
    int tokens = jobs.stream().mapToInt(job -> job.text.tokenCount()).sum();
    Capacity first = Capacity.first(components, steep);
    double seconds = options.budgetSeconds() - jobs.getFirst().finished.secondsBefore();
    Budget budget =
        options.budgetSeconds() == 0
            ? null
            : new Budget(seconds, tokens, workers.threads(), options.vectors(), first);
    for (Job job : jobs) {
      Stretches stretches =
          new Stretches(job.text, options, maxTokens, first, job.finished, budget);
      texts.add(stretches);
      segments += stretches.guessedSegments();
      job.listener.textStarted(stretches.tokenCount());
      shared.add(lanes.shared(job.listener));
    }
    lanes.run(
        workers,
        segments,
        team -> Lane.open(lm, team, options),
        () -> {
          for (int i = 0; i < texts.size(); i++) {
            Stretches.Stretch stretch = texts.get(i).next();
            if (stretch != null) {
              CramListener listener = shared.get(i);
              Finished finished = jobs.get(i).finished;
              return lane -> stretch.run(lane.segmenter(options, finished, budget, listener));
            }
          }
          return null;
        });
    RunText cuts = new RunText(tokenizer);
    return IntStream.range(0, texts.size())
        .mapToObj(i -> file(jobs.get(i).text, options, texts.get(i).sections(cuts)))
        .toList();
  }

  /** Models whose logits are steep in a vector are made for one vector, and for float32. */
  private void checkSteep(CompressOptions options) {
    String why = lm.name() + " tells tokens apart by small differences of its vector: ";
    if (options.vectors() > 1) {
      throw new InputException(
          why + options.vectors() + " vectors hold no more than one; leave the number away");
    }
    if (lm.precision() == Precision.BF16) {
      throw new InputException(why + "bf16 rounds them away; use f32");
    }
  }

  /** Whether the model's logits are steep in a vector: any tokens show it. */
  private boolean isSteep(CompressOptions options, int maxTokens) {
    int[] tokens =
        IntStream.range(0, Math.min(8, Math.min(maxTokens, lm.vocabularySize()))).toArray();
    try (Lane lane = Lane.open(lm, workers, options)) {
      return lane.search().isSteep(tokens, options.vectors(), options.random(0, 0));
    }
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
        TextBlocks whole = new TextBlocks(Original.of(original), tokenizer);
        int[] lengths = segments.stream().mapToInt(Segment::tokenCount).toArray();
        int[] bytes = new RunText(tokenizer).bytes(tokens, lengths);
        List<Segment> cut =
            IntStream.range(0, bytes.length)
                .mapToObj(i -> segments.get(i).withBytes(bytes[i]))
                .toList();
        return file(whole, options, List.of(new Section.Run(cut)));
      }
    }
    throw new InputException(
        lm.name() + " cannot hold this text exactly; use compress, which patches what is missed");
  }

  private CramFile file(TextBlocks text, CompressOptions options, List<Section> sections) {
    return new CramFile(
        identity(),
        lm.precision(),
        options.recipe().name(),
        options.seed(),
        options.vectorBits(),
        new Conditions(program(), Kernels.instructionSet(), Kernels.lanes()),
        text.size(),
        text.sha256(),
        sections);
  }

  /** This program with the version that the build wrote into its jar's manifest. */
  private static String program() {
    String version = Cram.class.getPackage().getImplementationVersion();
    return "cram" + (version == null ? "" : " " + version);
  }

  /**
   * Gives back the original bytes.
   *
   * @param name what errors call the file
   * @throws InputException if the file was made with another model or precision, or does not decode
   *     to its original here
   */
  public byte[] decompress(String name, CramFile file, CramListener listener) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    decompress(name, file, 0, Long.MAX_VALUE, false, out, listener);
    return out.toByteArray();
  }

  /**
   * Gives back a range of the original bytes, decoding only what it takes. Writes as it goes, so
   * what is written counts only when this returns.
   *
   * @param name what errors call the file
   * @param begin the first byte of the original that is wanted
   * @param end behind the last one
   * @param keepGoing whether to go on behind a part of the text that does not decode to what it
   *     was, leaving a remark in its place
   * @param out what the bytes are written to; stays open
   * @throws InputException if the file was made with another model or precision, or, unless it
   *     keeps going, a segment does not decode to its text here
   * @throws UncheckedIOException if {@code out} fails
   */
  public Restored decompress(
      String name,
      CramFile file,
      long begin,
      long end,
      boolean keepGoing,
      OutputStream out,
      CramListener listener) {
    file.check(name, identity());
    checkPrecision(name, file);
    if (!keepGoing) {
      checkPatches(name, file);
    }
    try {
      return new Decompression(name, file, lm, workers, new RunText(tokenizer), listener)
          .run(begin, end, keepGoing, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkPrecision(String name, CramFile file) {
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
  }

  private void checkPatches(String name, CramFile file) {
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
    try (workers) {
      if (closesLm) {
        lm.close();
      }
    }
  }
}
