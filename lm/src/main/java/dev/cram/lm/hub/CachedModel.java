package dev.cram.lm.hub;

import java.nio.file.Path;

/**
 * A model in the {@link HubCache}.
 *
 * @param reference names it, and where it is a GGUF file that file
 * @param path the folder of the snapshot, or the GGUF file
 */
public record CachedModel(ModelReference reference, Path path) {}
