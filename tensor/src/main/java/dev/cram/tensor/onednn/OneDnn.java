package dev.cram.tensor.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.cram.tensor.NativeFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/**
 * The part of oneDNN's C API that matrix products need, bound with the foreign function API.
 *
 * <p>The native library comes from the platform jar of {@code org.bytedeco:dnnl}; its generated
 * Java classes are not used, since these bindings allocate nothing per call and pull in no OpenCL.
 * Constants have the values of {@code dnnl_types.h} of oneDNN 3.11.
 *
 * <p>Parallelism is ours ({@link dev.cram.tensor.Workers}), so OpenMP is held to the calling
 * thread.
 */
final class OneDnn {
  static final int F32 = 3;
  static final int BF16 = 2;
  static final int UNDEF = 0;
  static final int TAG_ANY = 1;
  static final int QUERY_WEIGHTS = 131;
  static final int QUERY_SCRATCHPAD = 136;
  static final int ARG_SRC = 1;
  static final int ARG_DST = 17;
  static final int ARG_WEIGHTS = 33;
  static final int ARG_BIAS = 41;
  static final int ARG_SCRATCHPAD = 80;

  /** Bytes of one {@code dnnl_exec_arg_t}: an int, padding, a pointer. */
  static final long EXEC_ARG_BYTES = 16;

  private static final int CPU = 1;
  private static final int IN_ORDER = 1;
  private static final int SCRATCHPAD_USER = 1;

  /** Names the folder that JavaCPP unpacks libraries to. */
  private static final String CACHE = "org.bytedeco.javacpp.cachedir";

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup DNNL = load();

  private static final MethodHandle ENGINE_CREATE =
      bind("dnnl_engine_create", ADDRESS, JAVA_INT, JAVA_LONG);
  private static final MethodHandle STREAM_CREATE =
      bind("dnnl_stream_create", ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle STREAM_DESTROY = bind("dnnl_stream_destroy", ADDRESS);
  private static final MethodHandle MD_WITH_STRIDES =
      bind("dnnl_memory_desc_create_with_strides", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
  private static final MethodHandle MD_WITH_TAG =
      bind("dnnl_memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle MD_CLONE = bind("dnnl_memory_desc_clone", ADDRESS, ADDRESS);
  private static final MethodHandle MD_DESTROY = bind("dnnl_memory_desc_destroy", ADDRESS);
  private static final MethodHandle MD_SIZE =
      LINKER.downcallHandle(
          symbol("dnnl_memory_desc_get_size"), FunctionDescriptor.of(JAVA_LONG, ADDRESS));
  private static final MethodHandle ATTR_CREATE = bind("dnnl_primitive_attr_create", ADDRESS);
  private static final MethodHandle ATTR_SCRATCHPAD =
      bind("dnnl_primitive_attr_set_scratchpad_mode", ADDRESS, JAVA_INT);
  private static final MethodHandle MATMUL_PD =
      bind(
          "dnnl_matmul_primitive_desc_create",
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS);
  private static final MethodHandle REORDER_PD =
      bind(
          "dnnl_reorder_primitive_desc_create",
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS);
  private static final MethodHandle PD_QUERY_MD =
      LINKER.downcallHandle(
          symbol("dnnl_primitive_desc_query_md"),
          FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle PD_DESTROY = bind("dnnl_primitive_desc_destroy", ADDRESS);
  private static final MethodHandle PRIMITIVE_CREATE =
      bind("dnnl_primitive_create", ADDRESS, ADDRESS);
  private static final MethodHandle PRIMITIVE_DESTROY = bind("dnnl_primitive_destroy", ADDRESS);
  private static final MethodHandle PRIMITIVE_EXECUTE =
      bind("dnnl_primitive_execute", ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
  private static final MethodHandle MEMORY_CREATE =
      bind("dnnl_memory_create", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle MEMORY_DESTROY = bind("dnnl_memory_destroy", ADDRESS);
  private static final MethodHandle SGEMM =
      bind(
          "dnnl_sgemm",
          JAVA_BYTE,
          JAVA_BYTE,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_FLOAT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_FLOAT,
          JAVA_LONG,
          JAVA_LONG);
  private static final MethodHandle EFFECTIVE_ISA =
      LINKER.downcallHandle(symbol("dnnl_get_effective_cpu_isa"), FunctionDescriptor.of(JAVA_INT));

  /** Short and never blocking, so the thread need not leave the Java state for them. */
  private static final MethodHandle MEMORY_SET_HANDLE =
      LINKER.downcallHandle(
          symbol("dnnl_memory_set_data_handle"),
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG),
          Linker.Option.critical(false));

  /** The CPU engine, created once for the process. */
  static final MemorySegment ENGINE =
      create(p -> status((int) ENGINE_CREATE.invokeExact(p, CPU, 0L)));

  /** Attributes that leave scratch memory to the caller, which makes primitives thread-safe. */
  static final MemorySegment ATTRIBUTES = createAttributes();

  private OneDnn() {}

  /** A native call; the checked signature of method handles is confined to this class. */
  private interface Call<T> {
    T run(MemorySegment result) throws Throwable;
  }

  private static SymbolLookup load() {
    if (System.getProperty(CACHE) == null) {
      System.setProperty(CACHE, NativeFolder.get().toString());
    }
    // libgomp reads its environment when it is loaded; oneDNN then starts no threads of its own.
    MethodHandle setenv =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom("OMP_NUM_THREADS");
      MemorySegment one = arena.allocateFrom("1");
      run(() -> status((int) setenv.invokeExact(name, one, 1)));
    }
    library("libgomp.so.1");
    return library("libdnnl.so.3");
  }

  private static SymbolLookup library(String fileName) {
    String resource = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/" + fileName;
    URL url = OneDnn.class.getResource(resource);
    if (url == null) {
      throw new UnsupportedOperationException(
          "no oneDNN library for "
              + Loader.getPlatform()
              + " (looked for "
              + resource
              + "); Cram runs on linux-x86_64 and linux-arm64");
    }
    try {
      Path path = Loader.cacheResource(url).toPath();
      return SymbolLookup.libraryLookup(path, Arena.global());
    } catch (IOException e) {
      throw new UnsupportedOperationException(
          "cannot unpack " + fileName + ": " + e.getMessage(), e);
    }
  }

  private static MemorySegment symbol(String name) {
    return DNNL.findOrThrow(name);
  }

  /** All bound functions return a {@code dnnl_status_t}. */
  private static MethodHandle bind(String name, MemoryLayout... arguments) {
    return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static Void status(int status) {
    if (status != 0) {
      throw new IllegalStateException("oneDNN refused a call with status " + status);
    }
    return null;
  }

  private static MemorySegment create(Call<Void> call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(ADDRESS);
      call.run(result);
      return result.get(ADDRESS, 0);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MemorySegment createAttributes() {
    MemorySegment attributes = create(p -> status((int) ATTR_CREATE.invokeExact(p)));
    run(() -> status((int) ATTR_SCRATCHPAD.invokeExact(attributes, SCRATCHPAD_USER)));
    return attributes;
  }

  private interface Action {
    void run() throws Throwable;
  }

  private static void run(Action action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The instruction set that oneDNN uses, as far as {@code ONEDNN_MAX_CPU_ISA} allows. */
  static int effectiveIsa() {
    try {
      return (int) EFFECTIVE_ISA.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static MemorySegment createStream() {
    return create(p -> status((int) STREAM_CREATE.invokeExact(p, ENGINE, IN_ORDER)));
  }

  static void destroyStream(MemorySegment stream) {
    run(() -> status((int) STREAM_DESTROY.invokeExact(stream)));
  }

  /**
   * A matrix {@code [rows, cols]} whose element (r, c) is at {@code r * rowStride + c * colStride}.
   */
  static MemorySegment describe(long rows, long cols, int type, long rowStride, long colStride) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocateFrom(JAVA_LONG, rows, cols);
      MemorySegment strides = arena.allocateFrom(JAVA_LONG, rowStride, colStride);
      return create(p -> status((int) MD_WITH_STRIDES.invokeExact(p, 2, dims, type, strides)));
    }
  }

  /** A matrix {@code [rows, cols]} in the layout that a primitive likes best. */
  static MemorySegment describeAny(long rows, long cols, int type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = arena.allocateFrom(JAVA_LONG, rows, cols);
      return create(p -> status((int) MD_WITH_TAG.invokeExact(p, 2, dims, type, TAG_ANY)));
    }
  }

  static void destroyDescription(MemorySegment description) {
    run(() -> status((int) MD_DESTROY.invokeExact(description)));
  }

  static long size(MemorySegment description) {
    try {
      return (long) MD_SIZE.invokeExact(description);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** A primitive descriptor of {@code dst = src * weights (+ bias)}; {@code bias} may be NULL. */
  static MemorySegment matmul(
      MemorySegment src, MemorySegment weights, MemorySegment bias, MemorySegment dst) {
    return create(
        p -> status((int) MATMUL_PD.invokeExact(p, ENGINE, src, weights, bias, dst, ATTRIBUTES)));
  }

  static MemorySegment reorder(MemorySegment from, MemorySegment to) {
    return create(
        p -> status((int) REORDER_PD.invokeExact(p, from, ENGINE, to, ENGINE, ATTRIBUTES)));
  }

  /** A copy of one of a primitive descriptor's memory descriptions. */
  static MemorySegment query(MemorySegment primitiveDescriptor, int what) {
    return create(p -> {
      var found = (MemorySegment) PD_QUERY_MD.invokeExact(primitiveDescriptor, what, 0);
      return status((int) MD_CLONE.invokeExact(p, found));
    });
  }

  static void destroyDescriptor(MemorySegment primitiveDescriptor) {
    run(() -> status((int) PD_DESTROY.invokeExact(primitiveDescriptor)));
  }

  /** Compiles a primitive. */
  static MemorySegment primitive(MemorySegment primitiveDescriptor) {
    return create(p -> status((int) PRIMITIVE_CREATE.invokeExact(p, primitiveDescriptor)));
  }

  static void destroyPrimitive(MemorySegment primitive) {
    run(() -> status((int) PRIMITIVE_DESTROY.invokeExact(primitive)));
  }

  /** A memory object without data; see {@link #point}. */
  static MemorySegment memory(MemorySegment description) {
    return create(
        p -> status((int) MEMORY_CREATE.invokeExact(p, description, ENGINE, MemorySegment.NULL)));
  }

  static void destroyMemory(MemorySegment memory) {
    run(() -> status((int) MEMORY_DESTROY.invokeExact(memory)));
  }

  /** Points a memory object at data. Allocates nothing. */
  static void point(MemorySegment memory, long address) {
    try {
      int status = (int) MEMORY_SET_HANDLE.invokeExact(memory, address);
      if (status != 0) {
        status(status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Executes a primitive on the calling thread. Allocates nothing. */
  static void execute(
      MemorySegment primitive, MemorySegment stream, int count, MemorySegment arguments) {
    try {
      int status = (int) PRIMITIVE_EXECUTE.invokeExact(primitive, stream, count, arguments);
      if (status != 0) {
        status(status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** See {@link Sgemm}. Allocates nothing on the heap. */
  static void sgemm(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      float alpha,
      long a,
      long aStride,
      long b,
      long bStride,
      float beta,
      long c,
      long cStride) {
    try {
      int status =
          (int)
              SGEMM.invokeExact(
                  (byte) (transposeA ? 'T' : 'N'),
                  (byte) (transposeB ? 'T' : 'N'),
                  m,
                  n,
                  k,
                  alpha,
                  a,
                  aStride,
                  b,
                  bStride,
                  beta,
                  c,
                  cStride);
      if (status != 0) {
        status(status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
