package dev.skep.cli;

/**
 * Restores of one snapshot that were asked for at the same time: a row of {@code bursts.csv}.
 *
 * @param wallMillis from the first decision to start until the last instance was ready
 * @param startMillis the median of their own times
 * @param cpuMillis of daemon, pager and VMMs together
 * @param proportionalBytes memory of all VMMs together, shared pages counted once
 * @param ownGuestBytes private pages of a guest's memory, on average
 * @param ownRestBytes other private pages of a VMM, on average
 */
record BenchBurst(
    String function,
    BenchPlan plan,
    int restores,
    double wallMillis,
    double startMillis,
    long cpuMillis,
    long proportionalBytes,
    long ownGuestBytes,
    long ownRestBytes) {}
