package dev.cram.bench;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.CramListener;
import dev.cram.CramStep;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The time from the start of the virtual machine to the first step of a compression, as the command
 * does it: open the model, tokenise a page, optimise. Prints one line of JSON.
 */
public final class StartBench {
  private StartBench() {}

  /** Options: {@link Options}; of n and vectors the first ones. */
  public static void main(String[] arguments) throws IOException {
    Options options = Options.of(arguments);
    Options.Case of = options.cases().getFirst();
    Path model = options.shape().directory(options.models());
    byte[] page = "It was late, and nobody came. ".repeat(40).getBytes(StandardCharsets.UTF_8);
    Cram cram = Cram.open(model.toString(), options.precision(), of.threads());
    double opened = secondsOfProcess();
    cram.compress(
        page,
        CompressOptions.DEFAULT,
        new CramListener() {
          @Override
          public void stepped(int firstToken, CramStep step) {
            System.out.printf(
                Locale.ROOT,
                "%s, \"opened_s\": %.2f, \"first_step_s\": %.2f}%n",
                options.json("start", of),
                opened,
                secondsOfProcess());
            System.exit(0);
          }
        });
  }

  private static double secondsOfProcess() {
    return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3;
  }
}
