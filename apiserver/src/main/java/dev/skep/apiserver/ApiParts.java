package dev.skep.apiserver;

import dev.skep.api.AddressRange;
import dev.skep.control.Instances;
import dev.skep.image.Images;
import dev.skep.remote.SnapshotArchive;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceStore;
import dev.skep.telemetry.ColdStart;
import dev.skep.workload.PodLogs;
import dev.skep.workload.RunningPods;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the API server serves.
 *
 * @param services virtual addresses of core Services
 * @param tokenKeys by which tokens of service accounts are checked, as a JSON Web Key Set
 * @param status anything that Jackson can write
 * @param ready whether the whole daemon works, for {@code /readyz}
 */
public record ApiParts(
    ResourceStore store,
    EventLog events,
    Instances instances,
    Images images,
    SnapshotStore snapshots,
    SnapshotArchive archive,
    PodLogs podLogs,
    RunningPods runningPods,
    AddressRange services,
    Supplier<ObjectNode> tokenKeys,
    Starts starts,
    MetricsPage metrics,
    Supplier<?> status,
    BooleanSupplier ready) {

  /** The kept cold-start records, newest first. */
  public interface Starts {
    List<ColdStart> list(Predicate<ColdStart> filter, int limit);
  }

  /** Writes all figures in Prometheus' text format. */
  public interface MetricsPage {
    void write(OutputStream out) throws IOException;
  }
}
