package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Section;
import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.util.List;

/** Keeps all bytes as they are, so that the commands can be tried without a model. */
record EchoEngine(Precision precision) implements Engine {
  private static final ModelIdentity MODEL = new ModelIdentity("echo", "w", "t", 8);

  static Engine open(String model, Precision precision, int threads) {
    if (!model.equals("echo") && !model.equals(ModelOptions.BUILT_IN_MODEL)) {
      throw new InputException("no model " + model);
    }
    return new EchoEngine(precision);
  }

  @Override
  public CramFile compress(byte[] original, Settings settings, CramListener listener) {
    List<Section> sections = original.length == 0 ? List.of() : List.of(new Section.Raw(original));
    return CramFile.of(MODEL, precision, "echo", settings.seed(), original, sections);
  }

  @Override
  public byte[] decompress(String name, CramFile file, CramListener listener) {
    return file.sections().isEmpty()
        ? new byte[0]
        : ((Section.Raw) file.sections().getFirst()).bytes();
  }

  @Override
  public List<String> tokenTexts(int[] tokens) {
    return List.of();
  }

  @Override
  public void close() {}
}
