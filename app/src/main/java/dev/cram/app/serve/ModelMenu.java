package dev.cram.app.serve;

import dev.cram.TheoreticalBound;
import dev.cram.lm.ModelSummary;
import dev.cram.lm.files.ModelFiles;
import dev.cram.lm.files.ModelLocation;
import dev.cram.lm.hub.HubCache;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The models that visitors may choose, by their names; nothing else is ever opened. */
final class ModelMenu {
  /**
   * A model as the page shows it.
   *
   * @param bound tokens that one vector can hold at most
   */
  record Entry(
      String name,
      String architecture,
      long parameters,
      int embeddingSize,
      int vocabularySize,
      double bound) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> opens = new LinkedHashMap<>();

  /**
   * Lists what {@code cram models} lists, as far as it can be used.
   *
   * @param more models, as for {@code --model}
   * @throws dev.cram.lm.InputException if there is no such model
   */
  ModelMenu(List<String> more) {
    HubCache cache = HubCache.ofEnvironment();
    add(ModelSummary.embedded(), ModelFiles.EMBEDDED);
    for (String model : more) {
      if (!model.equals(ModelFiles.EMBEDDED)) {
        ModelSummary summary = ModelSummary.of(ModelLocation.find(model, cache));
        summary
            .problem()
            .ifPresent(problem -> {
              throw new dev.cram.lm.InputException(problem);
            });
        add(summary, model);
      }
    }
    cache.models().stream()
        .map(ModelLocation::of)
        .forEach(location -> add(ModelSummary.of(location), location.name()));
  }

  private void add(ModelSummary model, String opens) {
    if (model.problem().isEmpty() && !entries.containsKey(model.name())) {
      entries.put(
          model.name(),
          new Entry(
              model.name(),
              model.architecture(),
              model.parameters(),
              model.embeddingSize(),
              model.vocabularySize(),
              TheoreticalBound.tokens(model.embeddingSize(), model.vocabularySize())));
      this.opens.put(model.name(), opens);
    }
  }

  List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  /**
   * What a listed model is opened by.
   *
   * @throws Refusal if it is not listed
   */
  String opens(String name) {
    String opens = this.opens.get(name);
    if (opens == null) {
      throw new Refusal(
          Refusal.BAD_REQUEST,
          "there is no model of that name here; there are: " + String.join(", ", entries.keySet()));
    }
    return opens;
  }
}
