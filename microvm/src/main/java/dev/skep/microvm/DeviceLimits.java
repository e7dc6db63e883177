package dev.skep.microvm;

/**
 * What a guest's devices let pass in a second, at most; 0 is no limit. After a rest, one second's
 * share may pass at once.
 *
 * @param diskBandwidth bytes
 * @param diskOperations requests
 * @param netBandwidth bytes, of either direction
 */
public record DeviceLimits(long diskBandwidth, long diskOperations, long netBandwidth) {
  public static final DeviceLimits NONE = new DeviceLimits(0, 0, 0);
}
