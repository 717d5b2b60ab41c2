package dev.cram.app.serve;

import dev.cram.app.serve.Specimens.Specimen;
import dev.cram.container.CramFile;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GreedyDecoder;
import dev.cram.lm.GreedyDecoder.Prediction;
import dev.cram.lm.InputException;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.text.Piece;
import dev.cram.text.Pieces;
import dev.cram.text.TextTokenizer;
import dev.cram.text.TokenTexts;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Decodes specimens token by token, for the eye: each token with what else it might have been. */
final class Decoding {
  private static final int TOKENS_OF_A_SIGN = 16;

  private final OpenModels models;
  private final Specimens specimens;

  Decoding(OpenModels models, Specimens specimens) {
    this.models = models;
    this.specimens = specimens;
  }

  /**
   * A token as it is decoded.
   *
   * @param t what it adds to the text
   * @param p its probability, 0 to 1
   * @param u what the runner-up would add
   * @param q the runner-up's probability
   * @param m margin between the two, in logits
   * @param patched whether the file says this token, since the vectors do not
   * @param s the segment that begins with it, from 0; null elsewhere
   */
  record Token(String t, float p, String u, float q, float m, Boolean patched, Integer s) {}

  /** Bytes that the file holds as they are. */
  record Raw(int raw) {}

  /**
   * How it ended.
   *
   * @param exact whether the original came back, byte for byte
   */
  record End(boolean end, boolean exact, String message, int tokens) {}

  /**
   * Decodes a file as it will always be decoded, its patches applied.
   *
   * @param told hears of each token; may throw to end it
   */
  void uncram(Specimen specimen, Consumer<Object> told) {
    CramFile file = specimen.file();
    try (OpenModels.Lease lease = models.use(specimen.model(), file.precision());
        Workers workers = new Workers(1)) {
      CausalLm lm = lease.lm();
      TextTokenizer tokenizer = TextTokenizer.of(lm.tokenizer(), lm.vocabularySize());
      List<int[]> all = new ArrayList<>();
      List<Piece> pieces = new ArrayList<>();
      try (GreedyDecoder decoder = decoder(lm, file.segments(), workers)) {
        int number = 0;
        for (Section section : file.sections()) {
          switch (section) {
            case Section.Raw raw -> {
              pieces.add(new Piece.RawBytes(raw.bytes()));
              told.accept(new Raw(raw.bytes().length));
            }
            case Section.Run run -> {
              TokenTexts texts = new TokenTexts(tokenizer);
              List<int[]> own = new ArrayList<>();
              for (Segment segment : run.segments()) {
                own.add(uncram(lm, decoder, segment, number++, tokenizer, texts, told));
              }
              pieces.add(new Piece.TokenRun(own.stream().flatMapToInt(Arrays::stream).toArray()));
              all.addAll(own);
            }
          }
        }
      }
      int[] tokens = all.stream().flatMapToInt(Arrays::stream).toArray();
      specimens.decoded(specimen.id(), tokens);
      told.accept(verdict(specimen, Pieces.join(pieces, tokenizer), tokens.length));
    }
  }

  private static End verdict(Specimen specimen, byte[] restored, int tokens) {
    try {
      specimen.file().checkRestored(specimen.name(), restored);
      return new End(true, true, "", tokens);
    } catch (InputException e) {
      return new End(true, false, e.getMessage(), tokens);
    }
  }

  private static int[] uncram(
      CausalLm lm,
      GreedyDecoder decoder,
      Segment segment,
      int number,
      TextTokenizer tokenizer,
      TokenTexts texts,
      Consumer<Object> told) {
    start(lm, decoder, segment.vectors().values(), segment.vectorCount());
    int[] tokens = new int[segment.tokenCount()];
    int patch = 0;
    for (int i = 0; i < tokens.length; i++) {
      Prediction prediction = decoder.prediction();
      List<Patch> patches = segment.patches();
      boolean patched = patch < patches.size() && patches.get(patch).position() == i;
      int token = patched ? patches.get(patch++).token() : prediction.token();
      if (token >= lm.vocabularySize()) {
        throw new InputException("a patch has token " + token + ", which the model does not have");
      }
      tokens[i] = token;
      told.accept(
          new Token(
              texts.next(token),
              patched ? 0 : prediction.probability(),
              tokenizer.decode(new int[] {patched ? prediction.token() : prediction.runnerUp()}),
              patched ? prediction.probability() : prediction.runnerUpProbability(),
              prediction.margin(),
              patched ? true : null,
              i == 0 ? number : null));
      if (i < tokens.length - 1) {
        decoder.feed(token);
      }
    }
    return tokens;
  }

  /**
   * A token that moved vectors give.
   *
   * @param t what it adds to the text
   * @param ok whether it is the token of the text that was crammed
   * @param b whether it is that of the second text, where there is one
   * @param p its probability, 0 to 1
   * @param m its margin before the next best, in logits
   * @param s the segment that begins with it, from 0; null elsewhere
   */
  record Played(String t, boolean ok, Boolean b, float p, float m, Integer s) {}

  /**
   * What came of it.
   *
   * @param right tokens that are as they were
   * @param firstBreak the first that is not, or -1
   */
  record PlayEnd(boolean end, int tokens, int right, int firstBreak) {}

  /**
   * Decodes moved vectors, without patches: what they give by themselves.
   *
   * @param told hears of each token; may throw to end it
   */
  void play(Move move, Consumer<Object> told) {
    Specimen a = known(move.a(), told);
    Specimen b = move.b() == null ? null : known(move.b(), told);
    try (OpenModels.Lease lease = models.use(a.model(), a.file().precision());
        Workers workers = new Workers(1)) {
      CausalLm lm = lease.lm();
      TextTokenizer tokenizer = TextTokenizer.of(lm.tokenizer(), lm.vocabularySize());
      List<Segment> segments = a.file().segments();
      int at = 0;
      int bAt = 0;
      int right = 0;
      int firstBreak = -1;
      TokenTexts texts = new TokenTexts(tokenizer);
      try (GreedyDecoder decoder = decoder(lm, segments, workers)) {
        for (int s = 0; s < segments.size(); s++) {
          Segment segment = segments.get(s);
          Segment other = b == null ? null : Move.partner(b.file().segments(), s);
          start(
              lm,
              decoder,
              move.apply(segment, other, b == null ? null : b.file().segments(), s),
              segment.vectorCount());
          for (int i = 0; i < segment.tokenCount(); i++) {
            Prediction prediction = decoder.prediction();
            boolean ok = prediction.token() == a.tokens()[at + i];
            right += ok ? 1 : 0;
            firstBreak = !ok && firstBreak < 0 ? at + i : firstBreak;
            Boolean asOther =
                other == null || i >= other.tokenCount()
                    ? null
                    : prediction.token() == b.tokens()[bAt + i];
            told.accept(
                new Played(
                    texts.next(prediction.token()),
                    ok,
                    asOther,
                    prediction.probability(),
                    prediction.margin(),
                    i == 0 ? s : null));
            if (i < segment.tokenCount() - 1) {
              decoder.feed(prediction.token());
            }
          }
          at += segment.tokenCount();
          bAt += other == null ? 0 : other.tokenCount();
        }
      }
      told.accept(new PlayEnd(true, at, right, firstBreak));
    }
  }

  /**
   * That the text which moved vectors are compared with is still being decoded.
   *
   * @param preparing tokens of it so far
   */
  record Preparing(int preparing) {}

  /**
   * A specimen whose tokens are known.
   *
   * @param told hears now and then while they are decoded, which shows whether anybody waits
   */
  private Specimen known(String id, Consumer<Object> told) {
    Specimen specimen = specimens.get(id);
    if (specimen.tokens() == null) {
      int[] heard = {0};
      uncram(
          specimen,
          line -> {
            if (line instanceof Token && ++heard[0] % TOKENS_OF_A_SIGN == 0) {
              told.accept(new Preparing(heard[0]));
            }
          });
    }
    return specimens.get(id);
  }

  private static GreedyDecoder decoder(CausalLm lm, List<Segment> segments, Workers workers) {
    int rows =
        segments.stream().mapToInt(s -> s.vectorCount() + s.tokenCount() - 1).max().orElse(1);
    return new GreedyDecoder(lm, rows, workers);
  }

  private static void start(CausalLm lm, GreedyDecoder decoder, float[] vectors, int count) {
    try (Arena arena = Arena.ofConfined()) {
      decoder.start(Matrix.of(arena, count, lm.embeddingSize(), vectors));
    }
  }
}
