package dev.cram.lm.files;

import static dev.cram.lm.files.SafetensorsFile.quote;

import dev.cram.lm.InputException;
import dev.cram.tensor.Workers;
import java.lang.foreign.MemorySegment;

/** A weight of a safetensors file. */
record SafetensorsWeight(String file, TensorView view) implements StoredWeight {
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
    return decode(view.data(), target);
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
