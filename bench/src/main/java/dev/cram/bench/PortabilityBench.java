package dev.cram.bench;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.CramListener;
import dev.cram.container.CramFile;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.GreedyDecoder;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.onednn.Kernels;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Makes {@code .cram} files of short passages, and decodes them under other conditions: how far
 * margins move, and whether anything decodes to something else. See {@code bench/portability}.
 *
 * <pre>
 * make DIR MODEL f32|bf16 TEXTS FILES CHARACTERS MARGIN_GOAL
 * check DIR MODEL f32|bf16 THREADS LABEL
 * </pre>
 */
public final class PortabilityBench {
  private PortabilityBench() {}

  /** Runs the one or the other. */
  public static void main(String... args) throws IOException {
    Precision precision = Precision.valueOf(args[3].toUpperCase(Locale.ROOT));
    if (args[0].equals("make")) {
      make(
          Path.of(args[1]),
          args[2],
          precision,
          Path.of(args[4]),
          Integer.parseInt(args[5]),
          Integer.parseInt(args[6]),
          Float.parseFloat(args[7]));
    } else {
      check(Path.of(args[1]), args[2], precision, Integer.parseInt(args[4]), args[5]);
    }
  }

  private static void make(
      Path folder,
      String model,
      Precision precision,
      Path texts,
      int files,
      int characters,
      float marginGoal)
      throws IOException {
    Files.createDirectories(folder);
    List<byte[]> passages = new ArrayList<>();
    List<Path> novels = Passages.novels(texts);
    for (int i = 0; i < files; i++) {
      String novel = Files.readString(novels.get(i % novels.size()));
      int at = novel.length() / 10 * (1 + i / novels.size() % 9);
      at = novel.indexOf(' ', at + 137 * (i / (9 * novels.size())));
      passages.add(novel.substring(at, at + characters).getBytes(StandardCharsets.UTF_8));
    }
    CompressOptions usual = CompressOptions.DEFAULT;
    CompressOptions options =
        new CompressOptions(usual.vectors(), usual.recipe(), usual.seed(), marginGoal);
    try (Cram cram = Cram.open(model, precision, Runtime.getRuntime().availableProcessors())) {
      List<CramFile> made = cram.compress(passages, options, text -> CramListener.SILENT);
      for (int i = 0; i < files; i++) {
        String name = String.format("%03d", i);
        made.get(i).write(folder.resolve(name + ".cram"));
        Files.write(folder.resolve(name + ".txt"), passages.get(i));
        float[] margins = margins(cram, made.get(i), tokens(cram, passages.get(i)), 1);
        try (DataOutputStream out =
            new DataOutputStream(Files.newOutputStream(folder.resolve(name + ".margins")))) {
          for (float margin : margins) {
            out.writeFloat(margin);
          }
        }
      }
    }
  }

  private static int[] tokens(Cram cram, byte[] passage) {
    return cram.lm().tokenizer().encode(new String(passage, StandardCharsets.UTF_8));
  }

  private static void check(
      Path folder, String model, Precision precision, int threads, String label)
      throws IOException {
    int files = 0;
    int failed = 0;
    int positions = 0;
    float narrowest = Float.POSITIVE_INFINITY;
    float widestFailed = 0;
    List<Float> moved = new ArrayList<>();
    List<Path> all;
    try (Stream<Path> list = Files.list(folder)) {
      all = list.filter(path -> path.toString().endsWith(".cram")).sorted().toList();
    }
    try (Cram cram = Cram.open(model, precision, threads)) {
      for (Path path : all) {
        String stem = path.toString().replace(".cram", "");
        CramFile file = CramFile.read(path);
        byte[] passage = Files.readAllBytes(Path.of(stem + ".txt"));
        files++;
        float least =
            (float) file.segments().stream().mapToDouble(Segment::minMargin).min().orElse(0);
        narrowest = Math.min(narrowest, least);
        boolean same;
        try {
          same = Arrays.equals(cram.decompress(stem, file, CramListener.SILENT), passage);
        } catch (RuntimeException e) {
          same = false;
        }
        if (!same) {
          failed++;
          widestFailed = Math.max(widestFailed, least);
        }
        float[] margins = margins(cram, file, tokens(cram, passage), threads);
        try (DataInputStream in =
            new DataInputStream(Files.newInputStream(Path.of(stem + ".margins")))) {
          for (float margin : margins) {
            moved.add(Math.abs(margin - in.readFloat()));
          }
        }
        positions += margins.length;
      }
    }
    moved.sort(null);
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %d | %d | %d | %d | %d | %.4f | %s | %.1e | %.1e | %.1e |%n",
        label,
        Kernels.instructionSet(),
        32 * Kernels.lanes(),
        threads,
        files,
        positions,
        failed,
        narrowest,
        failed == 0 ? "-" : String.format(Locale.ROOT, "%.5f", widestFailed),
        moved.get(moved.size() / 2),
        moved.get((int) (moved.size() * 0.999)),
        moved.getLast());
  }

  /** The margin of each right token on the decoding path, patched ones left out. */
  private static float[] margins(Cram cram, CramFile file, int[] tokens, int threads) {
    float[] margins = new float[tokens.length];
    int count = 0;
    int at = 0;
    try (Workers workers = new Workers(threads);
        GreedyDecoder decoder =
            new GreedyDecoder(cram.lm(), Math.min(512, cram.lm().maxPositions()), workers)) {
      for (Section section : file.sections()) {
        for (Segment segment : ((Section.Run) section).segments()) {
          int end = at + segment.tokenCount();
          float[] all =
              DecodedMargins.of(
                  decoder,
                  segment.vectors().values(),
                  cram.lm().embeddingSize(),
                  Arrays.copyOfRange(tokens, at, end));
          for (int i = 0; i < all.length; i++) {
            int position = i;
            if (segment.patches().stream().map(Patch::position).noneMatch(p -> p == position)) {
              margins[count++] = all[i];
            }
          }
          at = end;
        }
      }
    }
    return Arrays.copyOf(margins, count);
  }
}
