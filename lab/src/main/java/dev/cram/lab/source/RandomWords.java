package dev.cram.lab.source;

import dev.cram.lm.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.stream.Stream;

/** Words drawn uniformly from a list and joined by blanks, as Kuratov et al. 2025 do it. */
final class RandomWords implements TextSource {
  private final List<String> list;

  private RandomWords(List<String> list) {
    this.list = list;
  }

  static RandomWords shipped() {
    try (var in =
        new BufferedReader(
            new InputStreamReader(
                RandomWords.class.getResourceAsStream("words.txt"), StandardCharsets.UTF_8))) {
      return new RandomWords(words(in.lines()));
    } catch (IOException e) {
      throw new InputException("the word list that ships with Cram cannot be read", e);
    }
  }

  /**
   * @param file one word a line
   * @throws InputException if it cannot be read or has no word
   */
  static RandomWords of(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      List<String> words = words(lines);
      if (words.isEmpty()) {
        throw new InputException(file + ": has no words; expected one a line");
      }
      return new RandomWords(words);
    } catch (IOException | UncheckedIOException e) {
      throw new InputException(file + ": is no readable word list (UTF-8, one word a line)", e);
    }
  }

  private static List<String> words(Stream<String> lines) {
    return lines.map(String::strip).filter(word -> !word.isEmpty()).toList();
  }

  @Override
  public Optional<String> text(long seed, int sample, int words) {
    var random = new SplittableRandom(Seeds.of(seed, sample));
    var text = new StringJoiner(" ");
    for (int i = 0; i < words; i++) {
      text.add(list.get(random.nextInt(list.size())));
    }
    return Optional.of(text.toString());
  }

  @Override
  public void close() {}
}
