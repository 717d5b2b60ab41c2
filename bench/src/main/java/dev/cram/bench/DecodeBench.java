package dev.cram.bench;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GreedyDecoder;
import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Locale;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Times greedy decoding, a token at a time, and how fast the same threads read memory. A token
 * reads every packed weight once. Prints one line of JSON for each number of threads.
 */
public final class DecodeBench {
  private static final int TOKENS = 64;
  private static final double WARM_UP_SECONDS = 5;
  private static final long READ_BYTES = 2L << 30;
  private static final int PART_BYTES = 1 << 20;

  private DecodeBench() {}

  /** Options: {@link Options}; of n and vectors the first ones. */
  public static void main(String[] arguments) throws IOException {
    Options options = Options.of(arguments);
    Path model = options.shape().directory(options.models());
    int[] threads = options.cases().stream().mapToInt(Options.Case::threads).distinct().toArray();
    try (Workers opener = new Workers(options.mostThreads());
        CausalLm lm = CausalLm.open(model.toString(), options.precision(), opener)) {
      for (int count : threads) {
        measure(options, lm, count);
      }
    }
  }

  private static void measure(Options options, CausalLm lm, int threads) {
    try (Workers workers = new Workers(threads);
        GreedyDecoder decoder = new GreedyDecoder(lm, TOKENS, workers);
        Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.allocate(arena, 1, lm.embeddingSize());
      Timing timing = Timing.of(() -> decode(decoder, mem), WARM_UP_SECONDS, options.seconds());
      double tokensPerSecond = 1e3 * TOKENS / timing.medianMs();
      long bytesPerToken = bytesPerToken(options);
      double readPerSecond = bytesPerToken * tokensPerSecond / 1e9;
      double bandwidth = bandwidth(workers, options.seconds());
      System.out.printf(
          Locale.ROOT,
          "%s, \"tokens_per_s\": %.1f, \"weights_mib\": %.0f, \"read_gb_per_s\": %.2f,"
              + " \"memory_gb_per_s\": %.2f, \"share_of_bandwidth\": %.3f}%n",
          options.json("decode", new Options.Case(TOKENS, 1, threads)),
          tokensPerSecond,
          bytesPerToken / 1048576.0,
          readPerSecond,
          bandwidth,
          readPerSecond / bandwidth);
    }
  }

  private static void decode(GreedyDecoder decoder, Matrix mem) {
    decoder.start(mem);
    for (int i = 1; i < TOKENS; i++) {
      decoder.feed(decoder.next());
    }
  }

  private static long bytesPerToken(Options options) {
    return options.shape().products().stream()
        .mapToLong(product -> (long) product.inputs() * product.outputs())
        .map(elements -> elements * options.precision().bytes())
        .sum();
  }

  /** GB/s at which all workers together read memory that is in no cache. */
  private static double bandwidth(Workers workers, double seconds) {
    try (Arena arena = new HugePageArena()) {
      MemorySegment memory = arena.allocate(READ_BYTES, 64);
      int parts = Math.toIntExact(READ_BYTES / PART_BYTES);
      workers.run((part, worker) -> slice(memory, part).fill((byte) 1), parts);
      int[] sums = new int[workers.threads()];
      Workers.Task read = (part, worker) -> sums[worker] += sum(slice(memory, part));
      return READ_BYTES / 1e6 / Timing.of(() -> workers.run(read, parts), 1, seconds).minMs();
    }
  }

  private static MemorySegment slice(MemorySegment memory, int part) {
    return memory.asSlice((long) part * PART_BYTES, PART_BYTES);
  }

  private static int sum(MemorySegment part) {
    var species = IntVector.SPECIES_PREFERRED;
    int bytes = species.vectorByteSize();
    IntVector even = IntVector.zero(species);
    IntVector odd = IntVector.zero(species);
    for (int at = 0; at < PART_BYTES; at += 2 * bytes) {
      even = even.add(IntVector.fromMemorySegment(species, part, at, ByteOrder.nativeOrder()));
      odd =
          odd.add(IntVector.fromMemorySegment(species, part, at + bytes, ByteOrder.nativeOrder()));
    }
    return even.add(odd).reduceLanes(VectorOperators.ADD);
  }
}
