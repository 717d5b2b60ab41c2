package dev.cram.bench;

import dev.cram.lm.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Passages from the middle of the novels of a folder. */
final class Passages {
  private static final int CHARACTERS_OF_TOKEN = 12;

  private Passages() {}

  /**
   * @return so many passages of {@code length} tokens, of one novel after the other
   */
  static List<int[]> of(Path folder, int count, int length, Tokenizer tokenizer)
      throws IOException {
    List<Path> novels = novels(folder);
    List<int[]> passages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String novel = Files.readString(novels.get(i % novels.size()));
      int at = novel.indexOf(' ', novel.length() / 2 + 997 * (i / novels.size()));
      String passage = novel.substring(at, at + CHARACTERS_OF_TOKEN * length);
      passages.add(Arrays.copyOf(tokenizer.encode(passage), length));
    }
    return passages;
  }

  /** The texts of a folder, by name. */
  static List<Path> novels(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(path -> path.toString().endsWith(".txt")).sorted().toList();
    }
  }
}
