package dev.cram.app;

import com.google.gson.GsonBuilder;
import dev.cram.TheoreticalBound;
import dev.cram.lm.ModelSummary;
import dev.cram.lm.files.ModelFiles;
import dev.cram.lm.files.ModelLocation;
import dev.cram.lm.hub.HubCache;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "models",
    description = {
      "Lists the models that are there: the one that is built in, and those that cram pull or"
          + " Python has downloaded from the Hugging Face hub.",
      "Only configurations and the headers of weight files are read.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram models",
      "  cram models ~/models/SmolLM2-135M      a folder or a GGUF file elsewhere",
      "  cram models --json | jq '.[] | select(.supported) | .name'",
    })
final class ModelsCommand implements Runnable {
  @Parameters(
      arity = "0..*",
      paramLabel = "MODEL",
      description = "Models to list, as for compress (default: all that are there).")
  private List<String> models = List.of();

  @Option(names = "--json", description = "Print a JSON array, for programs.")
  private boolean json;

  @Override
  public void run() {
    HubCache cache = HubCache.ofEnvironment();
    List<ModelSummary> summaries = models.isEmpty() ? all(cache) : named(cache);
    if (json) {
      System.out.println(
          new GsonBuilder()
              .serializeNulls()
              .setPrettyPrinting()
              .disableHtmlEscaping()
              .create()
              .toJson(summaries.stream().map(ModelsCommand::fields).toList()));
    } else {
      print(summaries, System.out);
      if (models.isEmpty()) {
        System.out.printf("%nDownloaded models are in %s.%n", cache.folder());
      }
    }
  }

  private static List<ModelSummary> all(HubCache cache) {
    List<ModelSummary> all = new ArrayList<>();
    all.add(ModelSummary.embedded());
    all.addAll(
        cache.models().parallelStream().map(ModelLocation::of).map(ModelSummary::of).toList());
    return all;
  }

  private List<ModelSummary> named(HubCache cache) {
    return models.stream()
        .map(model ->
            model.equals(ModelFiles.EMBEDDED)
                ? ModelSummary.embedded()
                : ModelSummary.of(ModelLocation.find(model, cache)))
        .toList();
  }

  private static OptionalDouble bound(ModelSummary model) {
    return model.embeddingSize() < 1 || model.vocabularySize() < 2
        ? OptionalDouble.empty()
        : OptionalDouble.of(TheoreticalBound.tokens(model.embeddingSize(), model.vocabularySize()));
  }

  private static Map<String, Object> fields(ModelSummary model) {
    Map<String, Object> fields = new LinkedHashMap<>();
    OptionalDouble bound = bound(model);
    fields.put("name", model.name());
    fields.put("path", model.path().map(Path::toString).orElse(null));
    fields.put("architecture", model.architecture());
    fields.put("parameters", model.parameters());
    fields.put("embedding_size", model.embeddingSize());
    fields.put("layers", model.layers());
    fields.put("vocabulary_size", model.vocabularySize());
    fields.put(
        "max_positions", model.maxPositions().isPresent() ? model.maxPositions().getAsInt() : null);
    fields.put("dtype", model.dtype());
    fields.put("weight_bytes", model.weightBytes());
    fields.put("theoretical_bound", bound.isPresent() ? bound.getAsDouble() : null);
    fields.put("supported", model.problem().isEmpty());
    fields.put("problem", model.problem().orElse(null));
    return fields;
  }

  private static void print(List<ModelSummary> models, PrintStream out) {
    TextTable table =
        new TextTable(
            "MODEL",
            "ARCHITECTURE",
            ">PARAMS",
            ">WIDTH",
            ">LAYERS",
            ">VOCAB",
            ">CONTEXT",
            "DTYPE",
            ">SIZE",
            ">BOUND");
    for (ModelSummary model : models) {
      if (model.problem().isEmpty()) {
        table.row(
            model.name(),
            model.architecture(),
            Spoken.magnitude(model.parameters()),
            Spoken.number(model.embeddingSize()),
            Spoken.number(model.layers()),
            Spoken.number(model.vocabularySize()),
            model.maxPositions().isPresent()
                ? Spoken.number(model.maxPositions().getAsInt())
                : "any",
            model.dtype(),
            Spoken.bytes(model.weightBytes()),
            Spoken.number(Math.round(bound(model).orElse(0))));
      }
    }
    table.print(out);
    out.printf(
        "%nBOUND: tokens that one vector can hold at most, width * %d / log2(vocabulary).%n",
        TheoreticalBound.BITS);
    List<ModelSummary> unusable = models.stream().filter(m -> m.problem().isPresent()).toList();
    if (!unusable.isEmpty()) {
      out.printf("%nNot usable:%n");
      unusable.forEach(model -> out.printf("  %s: %s%n", model.name(), problem(model)));
    }
  }

  /** Without the path of the file in the cache, which says no more than the name. */
  private static String problem(ModelSummary model) {
    String problem = model.problem().orElseThrow();
    String path = model.path().map(Path::toString).orElse("");
    int after = problem.indexOf(": ");
    return !path.isEmpty() && problem.startsWith(path) ? problem.substring(after + 2) : problem;
  }
}
