package dev.cram.app;

import dev.cram.lm.arch.Architecture;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.hub.CachedModel;
import dev.cram.lm.hub.HubPull;
import dev.cram.lm.hub.HubSettings;
import dev.cram.lm.hub.ModelReference;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pull",
    description = {
      "Downloads a model from the Hugging Face hub, or what is missing of it, and prints where it"
          + " is.",
      "It goes where Python's huggingface_hub keeps it too (~/.cache/huggingface/hub). Only the"
          + " safetensors weights, the configuration and the tokenizer are fetched, or one GGUF"
          + " file. What was interrupted goes on where it stopped.",
    },
    footerHeading = "%nEnvironment, with the same meaning as for huggingface_hub:%n",
    footer = {
      "  HF_TOKEN                access token, for models that are not open to all",
      "  HF_HOME, HF_HUB_CACHE   where models are kept",
      "  HF_ENDPOINT             another hub, such as a mirror",
      "  HF_HUB_OFFLINE          1: do not use the network",
      "  HTTPS_PROXY, NO_PROXY   the way out",
      "",
      "Examples:",
      "  cram pull EleutherAI/pythia-160m",
      "  cram pull EleutherAI/pythia-160m@step1000      a branch, a tag or a commit",
      "  cram pull bartowski/SmolLM2-135M-Instruct-GGUF:Q8_0",
      "  cram compress letter.txt --model EleutherAI/pythia-160m",
    })
final class PullCommand implements Runnable {
  @Parameters(
      paramLabel = "MODEL",
      description =
          "OWNER/NAME on the hub; @REVISION after it names a branch, a tag or a commit, and :FILE"
              + " a GGUF file or the end of its name.")
  private String model;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print nothing but where the model is.")
  private boolean quiet;

  @Override
  public void run() {
    ModelReference reference = ModelReference.of(model);
    CachedModel pulled;
    try (PullProgress progress =
        new PullProgress(
            reference.toString(),
            CramCommand.statusLine(quiet),
            System::nanoTime,
            PullCommand::requireSupported)) {
      pulled = HubPull.pull(reference, HubSettings.ofEnvironment(), progress);
      progress.done(pulled.reference().toString());
    }
    System.out.println(pulled.path());
  }

  /** Better told before gigabytes of weights have come. */
  private static void requireSupported(Path snapshot) {
    Architecture.of(ModelConfig.read(snapshot.resolve("config.json")));
  }
}
