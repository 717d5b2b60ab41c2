package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.container.CramFile;
import dev.cram.tensor.Precision;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What the commands need of the library: a model that texts are crammed with. */
interface Engine extends AutoCloseable {
  /**
   * How a text shall be crammed; what is empty, the library chooses.
   *
   * @param vectors how many vectors each segment gets
   * @param maxSteps when to give a segment up, in optimisation steps
   * @param recipe how the vectors are found
   * @param seed of all random choices
   */
  record Settings(OptionalInt vectors, OptionalInt maxSteps, Optional<String> recipe, long seed) {}

  /** Opens a model. */
  interface Opener {
    /**
     * @param model a name or a folder
     * @param threads at least 1
     * @throws dev.cram.lm.InputException if there is no such model or it is not usable
     */
    Engine open(String model, Precision precision, int threads);
  }

  /** Turns a file's bytes into what a {@code .cram} file holds. */
  CramFile compress(byte[] original, Settings settings, CramListener listener);

  /**
   * Gives the original bytes back, checked.
   *
   * @param name what errors call the file
   * @throws dev.cram.lm.InputException if it was made with another model, or does not decode to the
   *     original
   */
  byte[] decompress(String name, CramFile file, CramListener listener);

  /** The text of each token; together they make the whole text. */
  List<String> tokenTexts(int[] tokens);

  @Override
  void close();
}
