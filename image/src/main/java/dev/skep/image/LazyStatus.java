package dev.skep.image;

/**
 * How it goes with a lazy image.
 *
 * @param fetchedBytes compressed, since this process serves it
 * @param awaited chunks that somebody waits for
 * @param lastFailure empty if there was none
 */
record LazyStatus(
    String key,
    long sizeBytes,
    int chunks,
    int presentChunks,
    long fetchedBytes,
    int awaited,
    String lastFailure) {}
