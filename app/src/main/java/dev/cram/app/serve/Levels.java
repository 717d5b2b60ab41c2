package dev.cram.app.serve;

/**
 * The state of a token as one character, which is all that the page needs to paint it.
 *
 * <p>{@code .} is untouched, {@code ,} waits in its segment; {@code 0} to {@code 5} is wrong,
 * {@code a} to {@code h} right, {@code A} to {@code H} settled, by rising margin; {@code P} is
 * patched.
 */
final class Levels {
  static final byte UNTOUCHED = '.';
  static final byte WAITING = ',';
  static final byte PATCHED = 'P';

  /** Margins at which the next shade begins, in logits. */
  private static final float[] SHADES = {0.1f, 0.3f, 0.7f, 1.5f, 3f, 5f, 8f};

  private static final int WRONG_SHADES = 6;

  private Levels() {}

  static byte of(boolean correct, float margin) {
    return (byte)
        (correct ? 'a' + shade(margin) : '0' + Math.min(WRONG_SHADES - 1, shade(-margin)));
  }

  /** The level of a token once its segment is settled; it keeps its shade. */
  static byte settled(byte level) {
    return level >= 'a' && level <= 'h' ? (byte) (level - 'a' + 'A') : (byte) 'A';
  }

  private static int shade(float margin) {
    int shade = 0;
    while (shade < SHADES.length && margin >= SHADES[shade]) {
      shade++;
    }
    return shade;
  }
}
