package dev.cram.lab.run;

import dev.cram.CramStep;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Loss and accuracy along an optimisation.
 *
 * @param steps numbers of the steps that were kept, ascending from 1
 * @param crossEntropies mean cross-entropy at each of them, in nats a token
 * @param accuracies at each of them, 0 to 1
 * @param exactPrefixes tokens before the first wrong one, by teacher forcing: the most at any step
 *     after the one kept before
 */
public record Curve(int[] steps, float[] crossEntropies, float[] accuracies, int[] exactPrefixes)
    implements Serializable {

  /** Collects a curve of at most {@value #POINTS} points, evenly spread, and the last step. */
  static final class Recorder {
    private static final int POINTS = 512;

    private final int[] steps = new int[POINTS + 1];
    private final float[] crossEntropies = new float[POINTS + 1];
    private final float[] accuracies = new float[POINTS + 1];
    private final int[] exactPrefixes = new int[POINTS + 1];
    private CramStep last;
    private int longest;
    private int count;
    private int stride = 1;

    void add(CramStep now) {
      last = now;
      longest = Math.max(longest, now.exactPrefix());
      if ((now.step() - 1) % stride == 0 && count == POINTS) {
        halve();
      }
      if ((now.step() - 1) % stride == 0) {
        keep();
        longest = 0;
        count++;
      }
    }

    private void keep() {
      steps[count] = last.step();
      crossEntropies[count] = (float) last.crossEntropy();
      accuracies[count] = (float) last.accuracy();
      exactPrefixes[count] = longest;
    }

    /** Keeps every second point, so that a curve of any length fits. */
    private void halve() {
      longest = Math.max(longest, exactPrefixes[POINTS - 1]);
      for (int i = 1; i < POINTS / 2; i++) {
        steps[i] = steps[2 * i];
        crossEntropies[i] = crossEntropies[2 * i];
        accuracies[i] = accuracies[2 * i];
        exactPrefixes[i] = Math.max(exactPrefixes[2 * i - 1], exactPrefixes[2 * i]);
      }
      count = POINTS / 2;
      stride *= 2;
    }

    Curve curve() {
      int points = count;
      if (last != null && last.step() > steps[count - 1]) {
        keep();
        points++;
      }
      return new Curve(
          Arrays.copyOf(steps, points),
          Arrays.copyOf(crossEntropies, points),
          Arrays.copyOf(accuracies, points),
          Arrays.copyOf(exactPrefixes, points));
    }
  }
}
