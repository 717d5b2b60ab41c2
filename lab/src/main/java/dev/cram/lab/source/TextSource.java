package dev.cram.lab.source;

import java.util.Optional;

/**
 * Where the sample texts of an experiment come from. The same seed and number always give the same
 * text, so every model is measured on the same texts.
 *
 * <p>Instances may be used by one thread at a time.
 */
public interface TextSource extends AutoCloseable {
  /**
   * One sample text.
   *
   * @param seed of the sampling
   * @param sample number of the sample, from 0
   * @param words how many words it should have, if the source has that many; a longer text of the
   *     same sample begins with the shorter one
   * @return the text, or nothing if the source has no such sample
   */
  Optional<String> text(long seed, int sample, int words);

  /** Releases what the source reads from. */
  @Override
  void close();

  /**
   * Opens a source.
   *
   * @param spec {@code random} for words of the list that ships with Cram, {@code random:FILE} for
   *     words of a file with one word a line; {@code file:PATH} or {@code dir:PATH} for plain text,
   *     CSV, Parquet or JSON lines; an {@code hf://} or {@code https://} address of such a file;
   *     {@code pg19} or {@code fanfics}, the paper's datasets on the Hugging Face hub. After a
   *     {@code #}: the text column of a table (default: {@code text}).
   * @throws dev.cram.lm.InputException if there is no such source, or it has no such column
   */
  static TextSource open(String spec) {
    return Sources.open(spec);
  }
}
