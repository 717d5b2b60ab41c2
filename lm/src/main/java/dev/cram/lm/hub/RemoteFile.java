package dev.cram.lm.hub;

import java.net.URI;

/**
 * A file of a repository at a certain commit, as the hub describes it.
 *
 * @param path its name in the repository
 * @param uri where the hub hands it out
 * @param hash of its content
 * @param size in bytes
 */
record RemoteFile(String path, URI uri, ContentHash hash, long size) {}
