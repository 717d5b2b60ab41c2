package dev.cram.container;

/** The names of metadata keys and tensors, as in {@code docs/format.md}. */
final class Layout {
  private Layout() {}

  /** The version that this build writes; it reads the earlier ones too. */
  static final int VERSION = 2;

  static final String KEY_VERSION = "cram.version";
  static final String KEY_MODEL = "cram.model";
  static final String KEY_WEIGHTS = "cram.weight_fingerprint";
  static final String KEY_TOKENIZER = "cram.tokenizer_fingerprint";
  static final String KEY_WIDTH = "cram.width";
  static final String KEY_PRECISION = "cram.precision";
  static final String KEY_CONVENTION = "cram.convention";
  static final String KEY_RECIPE = "cram.recipe";
  static final String KEY_SEED = "cram.seed";
  static final String KEY_VECTOR_BITS = "cram.vector_bits";
  static final String KEY_VERIFIED_PROGRAM = "cram.verified.program";
  static final String KEY_VERIFIED_KERNELS = "cram.verified.kernels";
  static final String KEY_VERIFIED_LANES = "cram.verified.lanes";
  static final String KEY_ORIGINAL_BYTES = "cram.original_bytes";
  static final String KEY_ORIGINAL_SHA256 = "cram.original_sha256";
  static final String KEY_RAW_ENCODING = "cram.raw_encoding";
  static final String KEY_CHECKSUM = "cram.checksum";

  /** Every token is predicted, the first one from the last vector. */
  static final String PREDICT_ALL = "predict-all";

  static final String RAW_STORED = "stored";
  static final String RAW_ZLIB = "zlib";

  static final String PIECES = "pieces";
  static final String VECTORS = "vectors";
  static final String SEGMENT_TOKENS = "segment.tokens";
  static final String SEGMENT_VECTORS = "segment.vectors";
  static final String SEGMENT_STEPS = "segment.steps";
  static final String SEGMENT_MARGIN = "segment.margin";
  static final String SEGMENT_CRC32 = "segment.crc32";
  static final String SEGMENT_BYTES = "segment.bytes";
  static final String PACKED = "vectors.packed";
  static final String SCALES = "vectors.scale";
  static final String PATCHES = "patches";
  static final String RAW = "raw";

  static final long KIND_RAW = 0;
  static final long KIND_RUN = 1;
}
