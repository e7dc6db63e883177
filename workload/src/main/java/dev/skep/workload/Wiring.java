package dev.skep.workload;

import dev.skep.control.Clocks;
import dev.skep.control.Mailbox;
import dev.skep.store.ResourceStore;
import java.util.concurrent.Executor;

/**
 * What every part of the workload plane needs.
 *
 * @param executor runs what blocks: a virtual thread each
 * @param changed asks for a comparison of everything, soon and once
 */
record Wiring(
    Clocks clocks, Mailbox mailbox, ResourceStore store, Executor executor, Runnable changed) {}
