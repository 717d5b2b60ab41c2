package dev.cram.lm.hub;

import dev.cram.lm.files.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The hash by which the hub names a file's content, in its etag: the SHA-256 of a large file (Git
 * LFS), the SHA-1 of a small one as Git's blob.
 *
 * @param hex 64 or 40 hexadecimal digits in lower case
 */
record ContentHash(String hex) {
  private static final int SHA_256_DIGITS = 64;

  /** The hash in an etag, such as {@code "9f86..."} or {@code W/"9f86..."}. */
  static Optional<ContentHash> ofEtag(String etag) {
    String hex = etag.replaceFirst("^W/", "").replace("\"", "");
    return hex.matches("[0-9a-f]{64}|[0-9a-f]{40}")
        ? Optional.of(new ContentHash(hex))
        : Optional.empty();
  }

  /** How errors call this kind of hash. */
  String kind() {
    return hex.length() == SHA_256_DIGITS ? "SHA-256" : "Git SHA-1";
  }

  /** A digest that gives this hash once it has all of a file of {@code size} bytes. */
  MessageDigest digest(long size) {
    try {
      if (hex.length() == SHA_256_DIGITS) {
        return Sha256.digest();
      }
      MessageDigest git = MessageDigest.getInstance("SHA-1");
      git.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      return git;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The hash that a digest has come to. */
  static ContentHash of(MessageDigest digest) {
    return new ContentHash(HexFormat.of().formatHex(digest.digest()));
  }
}
