package dev.skep.snapshot;

/**
 * What a file was when it was published.
 *
 * @param bytes its length
 * @param allocatedBytes what of it is data and not holes: what it takes on disk
 * @param crc32c of its whole content, 8 lower-case hexadecimal digits; holes count as the zeros
 *     that they read as, so a copy without holes has the same
 */
public record FileFacts(long bytes, long allocatedBytes, String crc32c) {}
