package dev.cram.lab.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextSourceTest {
  @TempDir Path folder;

  @Test
  void randomWordsDependOnSeedAndSampleAlone() {
    try (TextSource source = TextSource.open("random")) {
      String text = source.text(1, 7, 30).orElseThrow();

      assertThat(text.split(" ")).hasSize(30);
      assertThat(source.text(1, 7, 30)).contains(text);
      assertThat(source.text(1, 8, 30).orElseThrow()).isNotEqualTo(text);
      assertThat(source.text(2, 7, 30).orElseThrow()).isNotEqualTo(text);
    }
  }

  @Test
  void aLongerRandomTextBeginsWithTheShorterOne() {
    try (TextSource source = TextSource.open("random")) {
      assertThat(source.text(3, 0, 200).orElseThrow())
          .startsWith(source.text(3, 0, 20).orElseThrow() + " ");
    }
  }

  @Test
  void wordsMayComeFromAFile() throws Exception {
    Path words = Files.writeString(folder.resolve("words"), "uno\n\n due \ntre\n");
    try (TextSource source = TextSource.open("random:" + words)) {
      assertThat(List.of(source.text(1, 0, 100).orElseThrow().split(" ")))
          .contains("uno", "due", "tre")
          .isSubsetOf("uno", "due", "tre");
    }
  }

  @Test
  void aPassageIsTheSecondHalfOfItsDocumentInSentences() throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "One. Two. Three. Four.");
    try (TextSource source = TextSource.open("file:" + file)) {
      assertThat(source.text(1, 0, 10)).contains("Three. Four.");
      assertThat(source.text(1, 1, 10)).isEmpty();
    }
  }

  @Test
  void samplesOfALongDocumentAreDifferentPassagesThatBeginWithASentence() throws Exception {
    String book =
        IntStream.range(0, 8_000)
            .mapToObj(i -> "Sentence number " + i + " stands here.")
            .collect(Collectors.joining("\n"));
    Path file = Files.writeString(folder.resolve("book.txt"), book);
    try (TextSource source = TextSource.open("file:" + file)) {
      Set<String> passages = new HashSet<>();
      for (int sample = 0; sample < 5; sample++) {
        String passage = source.text(1, sample, 10).orElseThrow();
        assertThat(passage).startsWith("Sentence number ");
        passages.add(passage);
      }
      assertThat(passages).hasSize(5);
    }
  }

  @Test
  void everyDocumentOfAFolderGivesASampleBeforeAnyGivesASecond() throws Exception {
    for (int i = 0; i < 4; i++) {
      Files.writeString(folder.resolve(i + ".txt"), "Nothing. Document " + i + ".");
    }
    try (TextSource source = TextSource.open("dir:" + folder)) {
      assertThat(IntStream.range(0, 4).mapToObj(i -> source.text(5, i, 3).orElseThrow()).toList())
          .containsExactlyInAnyOrder("Document 0.", "Document 1.", "Document 2.", "Document 3.");
    }
  }

  @Test
  void aFolderHasOneKindOfTextsAndAReadmeBesideThem() throws Exception {
    Files.writeString(folder.resolve("README.md"), "Nothing. About the folder.");
    try (TextSource source = TextSource.open("dir:" + folder)) {
      assertThat(source.text(1, 0, 3)).contains("About the folder.");
    }
    Files.writeString(folder.resolve("book.txt"), "Nothing. A book.");
    try (TextSource source = TextSource.open("dir:" + folder)) {
      assertThat(source.text(1, 0, 3)).contains("A book.");
    }
    Files.writeString(folder.resolve("t.csv"), "text\nx\n");
    assertThatThrownBy(() -> TextSource.open("dir:" + folder))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll(".txt and .csv files", "file:" + folder + "/**/*.txt");
  }

  @Test
  void tablesAreReadWhateverTheirFormat() throws Exception {
    Path csv = Files.writeString(folder.resolve("t.csv"), "id,text\n1,\"A, b. C.\"\n");
    Path json =
        Files.writeString(folder.resolve("t.jsonl"), "{\"id\": 1, \"text\": \"A, b. C.\"}\n");
    Path parquet = folder.resolve("t.parquet");
    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:");
        var statement = duckdb.createStatement()) {
      statement.execute("COPY (SELECT 'A, b. C.' AS text) TO '" + parquet + "' (FORMAT parquet)");
    }
    for (Path table : List.of(csv, json, parquet)) {
      try (TextSource source = TextSource.open("file:" + table)) {
        assertThat(source.text(1, 0, 3)).as("%s", table).contains("C.");
      }
    }
  }

  @Test
  void aTableWithoutTheTextColumnListsTheOnesItHas() throws Exception {
    Path csv = Files.writeString(folder.resolve("t.csv"), "id,body\n1,x\n");
    assertThatThrownBy(() -> TextSource.open("file:" + csv))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("'text'")
        .hasMessageContaining("id, body");
    try (TextSource source = TextSource.open("file:" + csv + "#body")) {
      assertThat(source.text(1, 0, 1)).contains("x");
    }
  }

  @Test
  void whatCannotBeASourceIsNamed() {
    assertThatThrownBy(() -> TextSource.open("novels")).hasMessageContaining("'novels'");
    assertThatThrownBy(() -> TextSource.open("file:" + folder.resolve("none.txt")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("none.txt");
    assertThatThrownBy(() -> TextSource.open("dir:" + folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds no");
    assertThatThrownBy(() -> TextSource.open("file:" + folder + "/*.txt"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("*.txt");
  }
}
