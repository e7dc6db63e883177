package dev.skep.api;

/**
 * What one instance may use: virtual CPUs and guest memory.
 *
 * @param cpus more than 0; a fraction limits CPU time, the guest sees the next whole number of CPUs
 * @param memoryBytes guest memory
 * @param cpuRequest its weight where CPUs are short, in CPUs
 */
public record Resources(double cpus, long memoryBytes, double cpuRequest) {
  /** 1 CPU and 256 MiB: what a function gets that asks for nothing. */
  public static final Resources DEFAULT = new Resources(1, 256L << 20);

  /** That asks for as much as it may use. */
  public Resources(double cpus, long memoryBytes) {
    this(cpus, memoryBytes, cpus);
  }

  public Resources {
    cpuRequest = cpuRequest > 0 ? cpuRequest : cpus; // what was written before has none
    if (!(cpus > 0 && cpus <= 256)) {
      throw new SkepException(
          SkepException.Code.INVALID, "cpu: " + cpus + " (expected: more than 0, at most 256)");
    }
    if (memoryBytes <= 0) {
      throw new SkepException(
          SkepException.Code.INVALID, "memory: " + memoryBytes + " bytes (expected: more than 0)");
    }
  }

  /** Whole CPUs that the guest sees. */
  public int vcpus() {
    return (int) Math.ceil(cpus);
  }
}
