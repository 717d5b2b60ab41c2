package dev.cram.app;

import java.util.ArrayList;
import java.util.List;

/** The tokens of a text as lines for a terminal, broken at blanks where there are any. */
final class WrappedText {
  /** A stretch of a line that belongs to one token. */
  record Run(int token, String text) {}

  /** One character with what combines with it, and the columns it takes. */
  private record Cell(int token, String text, int columns) {
    boolean isBlank() {
      return text.equals(" ");
    }

    boolean endsLine() {
      return text.equals("\n");
    }
  }

  private WrappedText() {}

  /**
   * Lines of at most {@code columns} columns (but one character at least).
   *
   * @param tokenTexts the text of each token, which together make the whole text
   */
  static List<List<Run>> wrap(List<String> tokenTexts, int columns) {
    List<Cell> cells = cells(tokenTexts);
    List<List<Run>> lines = new ArrayList<>();
    int start = 0;
    while (start < cells.size()) {
      int end = start;
      int afterBlank = -1;
      int used = 0;
      while (end < cells.size() && !cells.get(end).endsLine()) {
        Cell cell = cells.get(end);
        // A blank that does not fit ends its line without being seen.
        if (used + cell.columns() > columns && !cell.isBlank() && end > start) {
          break;
        }
        used += cell.columns();
        end++;
        if (cell.isBlank()) {
          afterBlank = end;
        }
        if (used > columns) {
          break;
        }
      }
      boolean cutInsideAWord = end < cells.size() && !cells.get(end).endsLine();
      if (cutInsideAWord && afterBlank > start) {
        end = afterBlank;
      }
      lines.add(runs(cells.subList(start, end), columns));
      boolean skipLineEnd = end < cells.size() && cells.get(end).endsLine();
      start = skipLineEnd ? end + 1 : end;
    }
    return lines;
  }

  private static List<Cell> cells(List<String> tokenTexts) {
    List<Cell> cells = new ArrayList<>();
    for (int token = 0; token < tokenTexts.size(); token++) {
      int of = token;
      tokenTexts.get(token).codePoints().filter(c -> c != '\r').forEach(c -> add(cells, of, c));
    }
    return cells;
  }

  private static void add(List<Cell> cells, int token, int codePoint) {
    int columns = columns(codePoint);
    boolean combines = columns == 0 && !cells.isEmpty() && !cells.getLast().endsLine();
    if (combines) {
      Cell base = cells.removeLast();
      String text = base.text() + Character.toString(codePoint);
      cells.add(new Cell(base.token(), text, base.columns()));
    } else if (codePoint == '\n') {
      cells.add(new Cell(token, "\n", 0));
    } else if (codePoint == '\t') {
      cells.add(new Cell(token, " ", 1));
    } else if (Character.isISOControl(codePoint)) {
      // An escape from the text must not reach the terminal.
      cells.add(new Cell(token, "?", 1));
    } else {
      cells.add(new Cell(token, Character.toString(codePoint), Math.max(1, columns)));
    }
  }

  private static List<Run> runs(List<Cell> cells, int columns) {
    List<Run> runs = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    int used = 0;
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      used += cell.columns();
      if (!cell.isBlank() || used <= columns) {
        text.append(cell.text());
      }
      boolean last = i + 1 == cells.size() || cells.get(i + 1).token() != cell.token();
      if (last && !text.isEmpty()) {
        runs.add(new Run(cell.token(), text.toString()));
        text.setLength(0);
      }
    }
    return runs;
  }

  /** Columns of a string on a terminal. */
  static int columns(String text) {
    return text.codePoints().map(WrappedText::columns).sum();
  }

  /** 0 for what combines with the character before it, 2 for East Asian wide and emoji, else 1. */
  private static int columns(int codePoint) {
    int type = Character.getType(codePoint);
    if (type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || (type == Character.FORMAT && codePoint != 0xAD)) {
      return 0;
    }
    if (codePoint < 0x1100) {
      return 1;
    }
    boolean wide =
        Character.isEmojiPresentation(codePoint)
            || switch (Character.UnicodeScript.of(codePoint)) {
              case HAN, HANGUL, HIRAGANA, KATAKANA, BOPOMOFO, YI -> true;
              default -> false;
            }
            || (codePoint >= 0x3000 && codePoint <= 0x303E)
            || (codePoint >= 0xFF01 && codePoint <= 0xFF60);
    return wide ? 2 : 1;
  }
}
