package dev.skep.control;

/**
 * The load of one revision since the sample before.
 *
 * @param inFlight requests inside instances now
 * @param waiting requests parked now
 * @param averageConcurrency time-weighted mean of in-flight plus waiting over the sample's period
 * @param arrived requests that came in the period
 */
public record LoadSample(int inFlight, int waiting, double averageConcurrency, long arrived) {}
