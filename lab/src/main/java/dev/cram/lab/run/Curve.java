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
 * @param exactPrefixes tokens before the first wrong one, by teacher forcing
 */
public record Curve(int[] steps, float[] crossEntropies, float[] accuracies, int[] exactPrefixes)
    implements Serializable {

  /** Collects a curve of at most {@value #POINTS} points, evenly spread. */
  static final class Recorder {
    private static final int POINTS = 512;

    private final int[] steps = new int[POINTS];
    private final float[] crossEntropies = new float[POINTS];
    private final float[] accuracies = new float[POINTS];
    private final int[] exactPrefixes = new int[POINTS];
    private int count;
    private int stride = 1;

    void add(CramStep now) {
      int step = now.step();
      if ((step - 1) % stride != 0) {
        return;
      }
      if (count == POINTS) {
        halve();
        if ((step - 1) % stride != 0) {
          return;
        }
      }
      steps[count] = step;
      crossEntropies[count] = (float) now.crossEntropy();
      accuracies[count] = (float) now.accuracy();
      exactPrefixes[count] = now.exactPrefix();
      count++;
    }

    /** Keeps every second point, so that a curve of any length fits. */
    private void halve() {
      for (int i = 0; i < POINTS / 2; i++) {
        steps[i] = steps[2 * i];
        crossEntropies[i] = crossEntropies[2 * i];
        accuracies[i] = accuracies[2 * i];
        exactPrefixes[i] = exactPrefixes[2 * i];
      }
      count = POINTS / 2;
      stride *= 2;
    }

    Curve curve() {
      return new Curve(
          Arrays.copyOf(steps, count),
          Arrays.copyOf(crossEntropies, count),
          Arrays.copyOf(accuracies, count),
          Arrays.copyOf(exactPrefixes, count));
    }
  }
}
