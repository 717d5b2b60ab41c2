package dev.cram.lm;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.SafetensorsWriter;
import dev.cram.lm.files.TensorView;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A copy of a fixture's model that a test may change before it is written. */
final class ModelDirectory {
  private final Path source;
  final JsonObject config;
  final Map<String, TensorView> tensors = new LinkedHashMap<>();

  ModelDirectory(String fixture) throws IOException {
    source = Path.of("src/test/resources/fixtures", fixture);
    config =
        JsonParser.parseString(Files.readString(source.resolve("config.json"))).getAsJsonObject();
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve("model.safetensors"))) {
      for (String name : file.names()) {
        TensorView tensor = file.tensor(name);
        byte[] data = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        tensors.put(name, view(name, tensor.dtype(), tensor.shape(), data));
      }
    }
  }

  static TensorView view(String name, DType dtype, long[] shape, byte[] data) {
    return new TensorView(name, dtype, shape, MemorySegment.ofArray(data));
  }

  void setConfig(String key, Object value) {
    JsonElement element =
        switch (value) {
          case Number number -> new JsonPrimitive(number);
          case Boolean bool -> new JsonPrimitive(bool);
          default -> new JsonPrimitive(value.toString());
        };
    config.add(key, element);
  }

  /** Writes it with one weight file. */
  Path write(Path target) throws IOException {
    writeSmallFiles(target);
    write(target.resolve("model.safetensors"), List.copyOf(tensors.values()));
    return target;
  }

  /** Writes it with the tensors dealt out to shards in turn. */
  Path writeShards(Path target, int shards) throws IOException {
    writeSmallFiles(target);
    JsonObject weightMap = new JsonObject();
    List<TensorView> all = List.copyOf(tensors.values());
    for (int shard = 0; shard < shards; shard++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards);
      List<TensorView> part = new java.util.ArrayList<>();
      for (int i = shard; i < all.size(); i += shards) {
        part.add(all.get(i));
        weightMap.addProperty(all.get(i).name(), file);
      }
      write(target.resolve(file), part);
    }
    JsonObject index = new JsonObject();
    index.add("weight_map", weightMap);
    Files.writeString(target.resolve("model.safetensors.index.json"), index.toString());
    return target;
  }

  private void writeSmallFiles(Path target) throws IOException {
    Files.writeString(target.resolve("config.json"), config.toString());
    Files.copy(source.resolve("tokenizer.json"), target.resolve("tokenizer.json"));
  }

  private static void write(Path file, List<TensorView> tensors) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      SafetensorsWriter.write(out, tensors, Map.of("format", "pt"));
    }
  }
}
