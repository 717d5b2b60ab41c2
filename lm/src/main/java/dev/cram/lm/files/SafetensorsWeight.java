package dev.cram.lm.files;

import static dev.cram.lm.files.SafetensorsFile.quote;

import dev.cram.lm.InputException;
import dev.cram.tensor.Workers;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** A weight of a safetensors file. */
record SafetensorsWeight(String file, TensorView view) implements StoredWeight {
  /** Elements that one part of the work decodes. */
  private static final long PART = 1 << 18;

  @Override
  public Tensor tensor() {
    return new Tensor(view.name(), view.dtype().name(), view.shape(), view.data());
  }

  @Override
  public long[] shape() {
    return view.shape();
  }

  @Override
  public long decode(MemorySegment target, Workers workers) {
    long bad = decodeAll(target, workers);
    tensor().unload();
    return bad;
  }

  private long decodeAll(MemorySegment target, Workers workers) {
    long count = view.data().byteSize() / view.dtype().bytes();
    if (workers == null || count <= PART) {
      return decode(view.data(), target);
    }
    AtomicLong firstBad = new AtomicLong(Long.MAX_VALUE);
    workers.run(
        (part, worker) -> {
          long from = part * PART;
          long size = Math.min(PART, count - from);
          int bytes = view.dtype().bytes();
          long bad =
              decode(
                  view.data().asSlice(bytes * from, bytes * size),
                  target.asSlice(4 * from, 4 * size));
          if (bad >= 0) {
            firstBad.accumulateAndGet(from + bad, Math::min);
          }
        },
        Math.toIntExact(Math.ceilDiv(count, PART)));
    return firstBad.get() == Long.MAX_VALUE ? -1 : firstBad.get();
  }

  @Override
  public long decodeRow(int row, MemorySegment target) {
    long rowBytes = view.data().byteSize() / view.shape()[0];
    return decode(view.data().asSlice(row * rowBytes, rowBytes), target);
  }

  private long decode(MemorySegment source, MemorySegment target) {
    if (!FloatDecoder.decodes(view.dtype())) {
      throw new InputException(
          file
              + ": weight "
              + quote(view.name())
              + " is "
              + view.dtype()
              + ", expected F32, F16 or BF16; use weights that are not quantised");
    }
    return FloatDecoder.decode(view.dtype(), source, target);
  }
}
