/**
 * The bytes of a file as runs of tokens, and raw bytes wherever a tokenizer cannot carry them.
 *
 * <p>{@link dev.cram.text.Pieces#split} covers any file with pieces in order, {@link
 * dev.cram.text.Pieces#join} gives the same bytes back.
 */
package dev.cram.text;
