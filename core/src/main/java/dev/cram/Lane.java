package dev.cram;

import dev.cram.lm.CausalLm;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Workers;

/** What it takes to find segments: the memory of a search and of decoding, for one team. */
record Lane(VectorSearch search, DecodingPath decodingPath, Surprisal surprisal)
    implements AutoCloseable {
  static Lane open(CausalLm lm, Workers workers, CompressOptions options) {
    return new Lane(
        new VectorSearch(
            lm,
            workers,
            options.recipe().withVectorBits(options.vectorBits()),
            Objective.PREDICT_ALL,
            Score.BY_SECURE_PREFIX,
            options.marginGoal()),
        new DecodingPath(lm, workers),
        new Surprisal(lm, workers));
  }

  Segmenter segmenter(
      CompressOptions options, Finished finished, Budget budget, CramListener listener) {
    return new Segmenter(search, decodingPath, surprisal, options, finished, budget, listener);
  }

  @Override
  public void close() {
    search.close();
    decodingPath.close();
    surprisal.close();
  }
}
