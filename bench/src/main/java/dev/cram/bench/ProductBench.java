package dev.cram.bench;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.onednn.MatmulKernel;
import dev.cram.tensor.onednn.Packing;
import dev.cram.tensor.onednn.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.Loader;

/**
 * Times only the matrix products of one optimisation step with frozen weights, in both directions:
 * as Cram makes them, and as oneDNN does when it is given each matrix as a whole and OpenMP threads
 * of its own. The faster one is the floor of the step; {@link AttentionProducts} come on top.
 * Prints one line of JSON a case.
 */
public final class ProductBench {
  private static final double WARM_UP_SECONDS = 1.5;

  private final Shape shape;
  private final Options.Case of;
  private final double seconds;

  private ProductBench(Shape shape, Options.Case of, double seconds) {
    this.shape = shape;
    this.of = of;
    this.seconds = seconds;
  }

  /** Options: {@link Options}; lists of n, vectors and threads. */
  public static void main(String[] arguments) throws Throwable {
    Options options = Options.of(arguments);
    for (Options.Case of : options.cases()) {
      print(options, of);
    }
  }

  private static void print(Options options, Options.Case of) throws Throwable {
    Precision precision = options.precision();
    var bench = new ProductBench(options.shape(), of, options.seconds());
    double own = bench.own(precision);
    setOpenMpThreads(of.threads());
    double whole = Double.POSITIVE_INFINITY;
    // bfloat16 values may be multiplied as float32, too, where that is faster.
    for (WeightFormat format :
        precision == Precision.F32
            ? EnumSet.of(WeightFormat.F32)
            : EnumSet.of(WeightFormat.F32, WeightFormat.BF16)) {
      whole = Math.min(whole, bench.whole(format));
    }
    setOpenMpThreads(1);
    System.out.printf(
        Locale.ROOT,
        "%s, \"median_ms\": %.3f, \"own_ms\": %.3f, \"whole_ms\": %.3f,"
            + " \"attention_ms\": %.3f}%n",
        options.json("products", of),
        Math.min(own, whole),
        own,
        whole,
        AttentionProducts.milliseconds(options.shape(), of, options.seconds()));
  }

  /** Milliseconds of the products on Cram's packed matrices and workers. */
  private double own(Precision precision) {
    try (Arena arena = new HugePageArena();
        Workers workers = new Workers(of.threads());
        Multiplier multiplier = new Multiplier(workers, of.rows())) {
      List<Runnable> products = new ArrayList<>();
      for (Shape.Product product : shape.products()) {
        var linear =
            FrozenLinear.pack(
                arena,
                random(arena, product.outputs(), product.inputs()),
                null,
                precision,
                workers);
        int rows = product.rows(of);
        Matrix x = random(arena, rows, product.inputs());
        Matrix y = Matrix.allocate(arena, rows, product.outputs());
        Matrix dx = Matrix.allocate(arena, rows, product.inputs());
        products.add(() -> linear.forward(multiplier, x, y, 0, rows));
        products.add(() -> linear.backward(multiplier, y, dx, 0, rows));
      }
      return Timing.of(() -> products.forEach(Runnable::run), WARM_UP_SECONDS, seconds).medianMs();
    }
  }

  /** Milliseconds of the products as primitives of whole matrices, on OpenMP's threads. */
  private double whole(WeightFormat format) {
    try (Arena arena = new HugePageArena()) {
      List<Runnable> products = new ArrayList<>();
      for (Shape.Product product : shape.products()) {
        int rows = product.rows(of);
        products.add(whole(arena, rows, product.inputs(), product.outputs(), format));
        products.add(whole(arena, rows, product.outputs(), product.inputs(), format));
      }
      return Timing.of(() -> products.forEach(Runnable::run), WARM_UP_SECONDS, seconds).medianMs();
    }
  }

  private static Runnable whole(Arena arena, int rows, int k, int n, WeightFormat format) {
    MemorySegment packed = arena.allocate(Packing.bytes(k, n, format), 64);
    try (Arena temporary = Arena.ofConfined()) {
      Matrix weight = random(temporary, k, n);
      Packing.pack(weight.address(0), k, n, n, 1, format, packed.address());
    }
    Matrix x = random(arena, rows, k);
    Matrix y = Matrix.allocate(arena, rows, n);
    var kernel = new MatmulKernel(rows, k, n, n, format, false, 1, arena);
    return () -> kernel.execute(0, x.address(0), packed.address(), 0, y.address(0));
  }

  /** Values of random sign from 0.5 to 1 that bfloat16 holds. */
  private static Matrix random(Arena arena, int rows, int cols) {
    SplittableRandom random = new SplittableRandom(1);
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    for (long at = 0; at < matrix.data().byteSize(); at += 4) {
      matrix.data().set(ValueLayout.JAVA_INT, at, random.nextInt() & 0x807F0000 | 0x3F000000);
    }
    return matrix;
  }

  /** Cram holds oneDNN to one thread a call; here it may use its own. */
  private static void setOpenMpThreads(int threads) throws Throwable {
    String resource = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/libgomp.so.1";
    var library =
        SymbolLookup.libraryLookup(
            Loader.cacheResource(ProductBench.class.getResource(resource)).toPath(),
            Arena.global());
    var setThreads =
        Linker.nativeLinker()
            .downcallHandle(
                library.findOrThrow("omp_set_num_threads"),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
    setThreads.invokeExact(threads);
  }
}
