package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Stats;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the API server may ask about running instances. Safe for use by several threads. */
public interface Instances {
  /** Running instances and, for a while, those that stopped; newest first. */
  List<InstanceView> list();

  Optional<InstanceView> find(String instance);

  /** The instances that have not stopped, as core Pods without a version. */
  List<ApiObject> pods();

  /** The instance that is shown as this pod now. */
  Optional<String> ofPod(String namespace, String pod);

  /** The last decision about each revision, by namespace and name. */
  List<ScalingView> scaling();

  /** The last decision about that revision. */
  Optional<ScalingView> scaling(RevisionKey revision);

  /** The instance's log in the CRI format; it stays for a while after the instance is gone. */
  Optional<Path> logFile(String instance);

  /** Empty when the instance is not running. */
  Optional<Stats> stats(String instance);

  /** Empty when the instance is not running, or no pager serves its memory. */
  Optional<PagedMemory> pagedMemory(String instance);

  /** Fails with NOT_FOUND when the instance is not running. */
  ExecResult exec(String instance, List<String> argv, byte[] stdin, Duration timeout);
}
