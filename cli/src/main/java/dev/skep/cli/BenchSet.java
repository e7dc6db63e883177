package dev.skep.cli;

/**
 * The recorded set of one function, and what the host needs to bring as many bytes into memory.
 *
 * @param memoryBytes size of the guest's memory
 * @param readMillis one read of its file past the page cache
 * @param copyMillis one copy of it in memory
 */
record BenchSet(
    String function,
    long pages,
    long bytes,
    long memoryBytes,
    double readMillis,
    double copyMillis) {}
