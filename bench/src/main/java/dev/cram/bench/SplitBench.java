package dev.cram.bench;

import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Precision;
import dev.cram.tensor.SliceWidth;
import dev.cram.tensor.Workers;
import dev.cram.tensor.onednn.MatmulKernel;
import dev.cram.tensor.onednn.Packing;
import dev.cram.tensor.onednn.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Predicts how the matrix products of one optimisation step would scale to more cores than this
 * machine has, for several ways to split them: measures on one thread how long a part of some rows
 * and columns takes, and shares such parts out among the cores on paper. Prints Markdown.
 *
 * <p>The cores' shared memory bandwidth is not modelled, nor is that row blocks of one slice may
 * find its weights in a cache, nor that their clocks slow down together.
 */
public final class SplitBench {
  private static final int[] CORES = {2, 8, 16, 32, 64};
  private static final int[] WIDTHS = {16, 32, 48, 64, 96, 128, 192, 256, 320, 384, 448, 512};
  private static final int MOST_ROW_BLOCKS = 8;
  private static final int LEAST_ROWS = 8;

  /** As the gradient pass does: logits exist for this many rows at a time. */
  private static final int LOGIT_ROWS = 64;

  /** More than caches hold, as all weights of a step are. */
  private static final long COLD_BYTES = 320L << 20;

  /** The candidates take turns, so that a drift of the machine hits them alike. */
  private static final int ROUNDS = 3;

  private static final int LEAST_RUNS_A_ROUND = 3;
  private static final double FORK_SECONDS = 0.5;

  private final Shape shape;
  private final WeightFormat format;
  private final double seconds;
  private final Arena arena = new HugePageArena();
  private final MemorySegment weights = random(COLD_BYTES);
  private final Map<Product, List<Split>> splits = new HashMap<>();

  /** {@code y[rows, n] = x[rows, k] * W}. */
  private record Product(int rows, int k, int n) {}

  /**
   * A way to cut a product, and how long one of its parts takes.
   *
   * @param present whether the program cuts the product like that now
   */
  private record Split(Product of, int rows, int sliceWidth, boolean present, double partMicros) {
    int rowBlocks() {
      return Math.ceilDiv(of.rows, rows);
    }

    int parts() {
      return rowBlocks() * Math.ceilDiv(of.n, sliceWidth);
    }

    /**
     * The time of the whole product if each core takes a part as soon as it is free; a last slice
     * that is narrower takes proportionally less.
     */
    double micros(int cores) {
      int wide = rowBlocks() * (of.n / sliceWidth);
      double[] busy = new double[cores];
      Arrays.fill(busy, wide / cores);
      for (int part = 0; part < wide % cores; part++) {
        busy[part]++;
      }
      double narrow = (double) (of.n % sliceWidth) / sliceWidth;
      for (int part = wide; part < parts(); part++) {
        int first = 0;
        for (int core = 1; core < cores; core++) {
          if (busy[core] < busy[first]) {
            first = core;
          }
        }
        busy[first] += narrow;
      }
      return partMicros * Arrays.stream(busy).max().orElseThrow();
    }
  }

  private SplitBench(Shape shape, WeightFormat format, double seconds) {
    this.shape = shape;
    this.format = format;
    this.seconds = seconds;
  }

  /** Options: {@link Options}; a list of n, each of which is a number of rows. */
  public static void main(String[] arguments) {
    Options options = Options.of(arguments);
    WeightFormat format =
        options.precision() == Precision.F32 ? WeightFormat.F32 : WeightFormat.ofBf16();
    if (format == WeightFormat.BF16_WIDENED) {
      throw new IllegalArgumentException(
          "this processor multiplies bfloat16 weights as float32: measure f32");
    }
    var bench = new SplitBench(options.shape(), format, options.seconds());
    System.out.printf(
        Locale.ROOT,
        """
        %s, %s: the matrix products of one step, both directions, predicted from the times of
        their parts on one thread with cold weights. Not modelled: the memory bandwidth that cores
        share, weights that row blocks find in a shared cache, clocks that fall with many cores.
        """,
        options.shape().id(),
        format);
    double fork = forkMicros();
    int products = 2 * options.shape().products().size();
    System.out.printf(
        Locale.ROOT,
        "Starting a task costs %.2f us on 2 threads, %.2f ms for the %d of a step; it is not"
            + " included below.%n",
        fork,
        fork * products / 1000,
        products);
    for (Options.Case of : options.cases()) {
      bench.print(of.rows());
    }
    bench.arena.close();
  }

  /**
   * How long a task takes two threads that has nothing to do but to have both take a part. The
   * caller would finish an empty one before the other sees it.
   */
  private static double forkMicros() {
    try (Workers workers = new Workers(2)) {
      var arrived = new AtomicInteger();
      Workers.Task meet =
          (part, worker) -> {
            arrived.incrementAndGet();
            while (arrived.get() < 2) {
              Thread.onSpinWait();
            }
          };
      Runnable fork =
          () -> {
            arrived.set(0);
            workers.run(meet, 2);
          };
      return 1000 * Timing.of(fork, FORK_SECONDS, FORK_SECONDS).medianMs();
    }
  }

  private void print(int rows) {
    Map<Product, Integer> products = products(rows);
    for (Product product : products.keySet()) {
      splits.computeIfAbsent(product, this::measure);
    }
    System.out.printf(
        Locale.ROOT,
        "%nMilliseconds of a step with %d rows, which reads %.0f MB of weights:%n%n"
            + "| cores | present split | best columns | best columns and rows | ideal |%n"
            + "|---:|---:|---:|---:|---:|%n",
        rows,
        megabytes(products));
    for (int cores : CORES) {
      System.out.printf(
          Locale.ROOT,
          "| %d | %.2f | %.2f | %.2f | %.2f |%n",
          cores,
          millis(products, cores, Split::present),
          millis(products, cores, split -> split.rowBlocks() == 1),
          millis(products, cores, split -> true),
          millis(products, 1, Split::present) / cores);
    }
    int cores = CORES[CORES.length - 1];
    System.out.printf(
        Locale.ROOT,
        "%nEach kind of product on %d cores:%n%n"
            + "| rows | k | n | a step | present width | parts | us | best width, all rows | us"
            + " | best rows | and width | parts | us | ideal us |%n"
            + "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|%n",
        cores);
    products.forEach((product, count) -> {
      Split present = best(product, cores, Split::present);
      Split columns = best(product, cores, split -> split.rowBlocks() == 1);
      Split both = best(product, cores, split -> true);
      System.out.printf(
          Locale.ROOT,
          "| %d | %d | %d | %d | %d | %d | %.1f | %d | %.1f | %d | %d | %d | %.1f | %.1f |%n",
          product.rows,
          product.k,
          product.n,
          count,
          present.sliceWidth,
          present.parts(),
          present.micros(cores),
          columns.sliceWidth,
          columns.micros(cores),
          both.rows,
          both.sliceWidth,
          both.parts(),
          both.micros(cores),
          present.micros(1) / cores);
    });
  }

  /** The distinct products of a step in both directions, and how often it makes each. */
  private Map<Product, Integer> products(int rows) {
    Map<Product, Integer> products = new LinkedHashMap<>();
    for (Shape.Product layer : shape.products()) {
      for (int left = rows; left > 0; left -= layer.head() ? LOGIT_ROWS : rows) {
        int some = layer.head() ? Math.min(left, LOGIT_ROWS) : rows;
        products.merge(new Product(some, layer.inputs(), layer.outputs()), 1, Integer::sum);
        products.merge(new Product(some, layer.outputs(), layer.inputs()), 1, Integer::sum);
      }
    }
    return products;
  }

  /** What the present split reads: each weight once a product. */
  private double megabytes(Map<Product, Integer> products) {
    int width = format == WeightFormat.F32 ? 4 : 2;
    return products.entrySet().stream()
        .mapToDouble(entry -> 1e-6 * width * entry.getValue() * entry.getKey().k * entry.getKey().n)
        .sum();
  }

  private double millis(Map<Product, Integer> products, int cores, Predicate<Split> among) {
    double micros = 0;
    for (var entry : products.entrySet()) {
      micros += entry.getValue() * best(entry.getKey(), cores, among).micros(cores);
    }
    return micros / 1000;
  }

  private Split best(Product product, int cores, Predicate<Split> among) {
    return splits.get(product).stream()
        .filter(among)
        .min(Comparator.comparingDouble(split -> split.micros(cores)))
        .orElseThrow();
  }

  private List<Split> measure(Product product) {
    int present = SliceWidth.of(product.k, product.n);
    var widths = new TreeSet<Integer>(List.of(present));
    Arrays.stream(WIDTHS).filter(width -> width < present).forEach(widths::add);
    var rowCounts = new TreeSet<Integer>(List.of(product.rows));
    for (int blocks = 2; blocks <= MOST_ROW_BLOCKS; blocks *= 2) {
      int rows = Math.ceilDiv(product.rows, blocks);
      if (rows >= LEAST_ROWS) {
        rowCounts.add(rows);
      }
    }
    MemorySegment x = random(4L * product.rows * product.k);
    List<Part> parts = new ArrayList<>();
    try (Arena own = new HugePageArena()) {
      MemorySegment y = own.allocate(4L * product.rows * product.n, 64);
      for (int rows : rowCounts) {
        for (int width : widths) {
          parts.add(new Part(product, rows, width, x, y, own));
        }
      }
      for (int round = 0; round < ROUNDS; round++) {
        parts.forEach(Part::time);
      }
      parts.forEach(part -> part.kernel.destroy());
    }
    return parts.stream()
        .map(part ->
            new Split(
                product,
                part.rows,
                part.width,
                part.rows == product.rows && part.width == present,
                part.medianMicros()))
        .toList();
  }

  /** One part of a product, and the times that it took. */
  private final class Part {
    final int rows;
    final int width;
    final MatmulKernel kernel;
    private final long x;
    private final long y;
    private final int slices;
    private final long sliceBytes;
    private final int copies;
    private final int step;
    private int copy;
    private int count;
    private double[] micros = new double[1024];

    Part(Product of, int rows, int width, MemorySegment x, MemorySegment y, Arena arena) {
      this.rows = rows;
      this.width = width;
      this.x = x.address();
      this.y = y.address();
      slices = of.n / width;
      kernel = new MatmulKernel(rows, of.k, width, of.n, format, false, 1, arena);
      sliceBytes = Math.ceilDiv(Packing.bytes(of.k, width, format), 64L) * 64;
      copies = Math.toIntExact(COLD_BYTES / sliceBytes);
      step = step(copies);
    }

    /** Far from one copy to the next, so that the next is not fetched ahead; reaches all. */
    private static int step(int copies) {
      int step = Math.max(1, (int) (0.618 * copies));
      while (divisor(step, copies) > 1) {
        step++;
      }
      return step;
    }

    private static int divisor(int a, int b) {
      return b == 0 ? a : divisor(b, a % b);
    }

    /** Runs the part for its share of the time; the first run, which warms x up, does not count. */
    void time() {
      run();
      long end = System.nanoTime() + (long) (seconds / ROUNDS * 1e9);
      for (int run = 0; run < LEAST_RUNS_A_ROUND || System.nanoTime() < end; run++) {
        if (count == micros.length) {
          micros = Arrays.copyOf(micros, 2 * count);
        }
        long start = System.nanoTime();
        run();
        micros[count++] = (System.nanoTime() - start) / 1e3;
      }
    }

    private void run() {
      copy = (copy + step) % copies;
      long columns = 4L * width * (copy % slices);
      kernel.execute(0, x, weights.address() + copy * sliceBytes, 0, y + columns);
    }

    double medianMicros() {
      Arrays.sort(micros, 0, count);
      return micros[count / 2];
    }
  }

  /** Values of random sign from 0.5 to 1, whether read as float32 or as bfloat16. */
  private MemorySegment random(long bytes) {
    SplittableRandom random = new SplittableRandom(1);
    MemorySegment values = arena.allocate(bytes, 64);
    for (long at = 0; at < bytes; at += 4) {
      values.set(ValueLayout.JAVA_INT, at, random.nextInt() & 0x807F807F | 0x3F003F00);
    }
    return values;
  }
}
