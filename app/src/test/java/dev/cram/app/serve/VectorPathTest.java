package dev.cram.app.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class VectorPathTest {
  @Test
  void aPathInAPlaneIsShownAsItIs() {
    // A spiral in a plane of 50 dimensions: distances in the drawing are those of the space.
    var random = new SplittableRandom(3);
    float[] u = new float[50];
    float[] v = new float[50];
    u[7] = 1;
    v[31] = 1;
    var path = new VectorPath(1);
    float[][] places = new float[60][50];
    for (int i = 0; i < places.length; i++) {
      double angle = 0.2 * i;
      for (int d = 0; d < 50; d++) {
        places[i][d] = (float) (5 + i * (Math.cos(angle) * u[d] + 0.5 * Math.sin(angle) * v[d]));
      }
      path.add(places[i], i);
      if (random.nextInt(4) == 0) {
        path.plane();
      }
    }
    VectorPath.Plane plane = path.plane();
    for (int settle = 0; settle < 10; settle++) {
      plane = path.plane();
    }

    assertThat(plane.shares()[0] + plane.shares()[1]).isCloseTo(1, within(1e-6));
    assertThat(plane.shares()[0]).isGreaterThan(plane.shares()[1]);
    for (int i = 1; i < places.length; i++) {
      double dx = plane.x()[i] - plane.x()[i - 1];
      double dy = plane.y()[i] - plane.y()[i - 1];
      assertThat(Math.hypot(dx, dy)).isCloseTo(distance(places[i], places[i - 1]), within(1e-3));
    }
  }

  @Test
  void aLongPathIsThinnedAndKeepsItsEnds() {
    var path = new VectorPath(1);
    long time = 0;
    float last = 0;
    for (int i = 0; i < 5000; i++) {
      time++;
      if (path.wants(time)) {
        last = i;
        path.add(new float[] {i, 1}, time);
        path.plane();
      }
    }
    VectorPath.Plane plane = path.plane();
    assertThat(path.size()).isBetween(80, 160);
    assertThat(plane.shares()[0]).isCloseTo(1, within(1e-6));
    double first = plane.x()[0];
    double end = plane.x()[plane.x().length - 1];
    assertThat(Math.abs(end - first)).isCloseTo(last, within(1e-2));
  }

  @Test
  void aPathThatGoesNowhereIsAPoint() {
    var path = new VectorPath(1);
    path.add(new float[] {1, 2, 3}, 0);
    assertThat(path.plane().x()).containsExactly(0);
    path.add(new float[] {1, 2, 3}, 1);
    assertThat(path.plane().x()).containsExactly(0, 0);
    assertThat(path.plane().shares()).containsExactly(0, 0);
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }
}
