package dev.cram.app.serve;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.report.Gallery;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the databases of the laboratory say.
 *
 * <p>A database is open only while it is asked, so that an experiment can go on writing to it.
 */
final class Results {
  private static final int REMEMBERED = 16;

  private record Question(int database, String state, Map<String, String> chosen) {}

  private final List<Path> databases;

  /** The latest answers; drawing figures takes a while. */
  private final Map<Question, Gallery> answers =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Question, Gallery> eldest) {
          return size() > REMEMBERED;
        }
      };

  Results(List<Path> databases) {
    this.databases = List.copyOf(databases);
  }

  /** The names that visitors choose from. */
  List<String> names() {
    return databases.stream().map(path -> path.getFileName().toString()).toList();
  }

  /**
   * Figures and tables of some runs.
   *
   * @param database its place among {@link #names}
   * @param chosen values of columns
   * @throws Refusal if there is no such database
   * @throws InputException if it cannot be read
   */
  synchronized Gallery of(String database, Map<String, String> chosen) {
    int index = database.matches("[0-9]{1,4}") ? Integer.parseInt(database) : -1;
    if (index < 0 || index >= databases.size()) {
      throw new Refusal(Refusal.NOT_FOUND, "there is no such database");
    }
    Path path = databases.get(index);
    Question question = new Question(index, state(path), new TreeMap<>(chosen));
    Gallery known = answers.get(question);
    if (known != null) {
      return known;
    }
    try (LabDatabase lab = LabDatabase.openReadOnly(path)) {
      Gallery answer = Gallery.of(lab, chosen);
      answers.put(question, answer);
      return answer;
    }
  }

  /** Changes whenever rows come, which stand beside the file at first. */
  private static String state(Path path) {
    Path log = path.resolveSibling(path.getFileName() + ".wal");
    try {
      return Files.getLastModifiedTime(path)
          + (Files.exists(log) ? " " + Files.getLastModifiedTime(log) + " " + Files.size(log) : "");
    } catch (IOException e) {
      throw new InputException(path.getFileName() + ": cannot be read; is it still there?", e);
    }
  }
}
