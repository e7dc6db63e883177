package dev.skep.remote;

/**
 * An object that is named by its content.
 *
 * @param sha256 of the content, in lower-case hexadecimal
 * @param bytes of the content, before its compression
 */
record Stored(String sha256, long bytes) {
  String key() {
    return "objects/" + sha256.substring(0, 2) + "/" + sha256;
  }
}
