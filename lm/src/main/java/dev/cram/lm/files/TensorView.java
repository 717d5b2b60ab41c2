package dev.cram.lm.files;

import java.lang.foreign.MemorySegment;

/**
 * One tensor of a safetensors file.
 *
 * @param name the tensor's name
 * @param dtype the type of its elements
 * @param shape the sizes of its dimensions, empty for a scalar
 * @param data its elements, little-endian and row-major, at any alignment; it lives as long as the
 *     file it came from is open
 */
public record TensorView(String name, DType dtype, long[] shape, MemorySegment data) {}
