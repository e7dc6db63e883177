package dev.skep.sandbox;

/**
 * What a command that ran inside a sandbox left: its exit code and output (each at most 1 MiB, the
 * rest dropped).
 */
@SuppressWarnings("ArrayRecordComponent") // output is bytes; nobody compares results
public record ExecResult(int exitCode, byte[] stdout, byte[] stderr) {}
