package dev.cram.recipe;

/**
 * Heavy-ball momentum on gradients of length one: {@code v = momentum * v + g / |g|}, {@code x -=
 * learningRate * v}.
 *
 * <p>The length of the gradient shrinks by orders of magnitude while a text becomes exact, and says
 * little about the distance still to go; its direction does. Unlike Adam it keeps the coordinates'
 * proportions.
 */
public final class NormalisedMomentum implements Optimiser {
  private final float momentum;
  private final float[] velocity;

  public NormalisedMomentum(int parameters, double momentum) {
    this.momentum = (float) momentum;
    velocity = new float[parameters];
  }

  @Override
  public void step(float[] parameters, float[] gradient, double learningRate) {
    double squares = 0;
    for (float g : gradient) {
      squares += (double) g * g;
    }
    float factor = squares == 0 ? 0 : (float) (1 / Math.sqrt(squares));
    float rate = (float) learningRate;
    for (int i = 0; i < parameters.length; i++) {
      velocity[i] = momentum * velocity[i] + factor * gradient[i];
      parameters[i] -= rate * velocity[i];
    }
  }
}
