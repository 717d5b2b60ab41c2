package dev.cram.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The part of a text that each of its tokens stands for, told token by token.
 *
 * <p>What a token adds depends on those before it, if only on the last few: byte-level tokens spell
 * a character together, and some decoders drop the blank with which a text begins. So a token is
 * decoded with the few before it, and what it adds is what comes out more. Takes linear time.
 *
 * <p>One thread at a time may use an instance.
 */
public final class TokenTexts {
  private static final char INCOMPLETE = '\ufffd';

  /** A character has at most 4 bytes; bytes that make none are not waited on any longer. */
  private static final int MOST_WAITING = 8;

  private final TextTokenizer tokenizer;
  private final List<Integer> context = new ArrayList<>();
  private int settled;

  /** Begins a text. */
  public TokenTexts(TextTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** What the next token adds; nothing where a character is not complete yet. */
  public String next(int token) {
    context.add(token);
    String before = decode(context.subList(0, settled));
    String now = decode(context);
    boolean waits =
        !now.isEmpty()
            && now.charAt(now.length() - 1) == INCOMPLETE
            && context.size() - settled < MOST_WAITING;
    if (waits || now.length() < before.length()) {
      return "";
    }
    context.subList(0, settled).clear();
    settled = context.size();
    return now.substring(before.length());
  }

  private String decode(List<Integer> tokens) {
    return tokens.isEmpty()
        ? ""
        : tokenizer.decode(tokens.stream().mapToInt(Integer::intValue).toArray());
  }

  /**
   * One string a token, which together make the text. A character that several tokens spell belongs
   * to the last of them.
   */
  public static List<String> of(TextTokenizer tokenizer, int[] tokens) {
    List<String> texts = new ArrayList<>();
    TokenTexts told = new TokenTexts(tokenizer);
    for (int token : tokens) {
      texts.add(told.next(token));
    }
    String whole = tokenizer.decode(tokens);
    return String.join("", texts).equals(whole) ? texts : byPrefixes(tokenizer, tokens, whole);
  }

  /** The slow way, for a tokenizer whose tokens depend on all before them. */
  private static List<String> byPrefixes(TextTokenizer tokenizer, int[] tokens, String text) {
    List<String> texts = new ArrayList<>();
    int at = 0;
    for (int i = 1; i < tokens.length; i++) {
      String prefix = tokenizer.decode(Arrays.copyOf(tokens, i));
      int end = prefix.length();
      while (end > at && prefix.charAt(end - 1) == INCOMPLETE) {
        end--;
      }
      end = Math.clamp(end, at, text.length());
      texts.add(text.substring(at, end));
      at = end;
    }
    texts.add(text.substring(at));
    return texts;
  }
}
