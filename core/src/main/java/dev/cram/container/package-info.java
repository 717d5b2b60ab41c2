/**
 * The {@code .cram} file: vectors, and everything that is needed to turn them back into bytes.
 *
 * <p>The format is written down in {@code docs/format.md}; {@link dev.cram.container.CramFile} is
 * its content.
 */
package dev.cram.container;
