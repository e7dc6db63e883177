package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.sandbox.StartFailure;
import java.util.List;

/**
 * What the control plane asks of the data plane; the gateway implements it. Safe for use by any
 * thread, never blocks.
 */
public interface DataPlane {
  /** Replaces all routes; hosts that change in the table later are followed without a call. */
  void routes(RouteTable table);

  /** Makes a revision known, or changes how it is treated. */
  void revision(RevisionTraffic traffic);

  /** Forgets a revision; its waiting requests are answered 404. */
  void forget(RevisionKey revision);

  /**
   * Replaces the ready instances of a revision. Requests already inside a removed instance go on;
   * {@link #inFlight} tells when it is drained.
   */
  void endpoints(RevisionKey revision, List<Endpoint> ready);

  /**
   * An instance runs no more: requests inside it fail at once. The end of a virtual machine closes
   * no connection.
   */
  void ended(RevisionKey revision, String instance);

  /** Answers the requests that wait for a revision with 503 and the reason: its starts fail. */
  void refuse(RevisionKey revision, StartFailure failure);

  /** The load since the last call for this revision; a revision that is not known has none. */
  LoadSample sample(RevisionKey revision);

  /** Requests inside one instance now, removed instances included. */
  int inFlight(RevisionKey revision, String instance);
}
