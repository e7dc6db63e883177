package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.control.Clocks;
import dev.skep.control.Mailbox;
import dev.skep.control.Prober;
import dev.skep.host.ServiceTable;
import dev.skep.image.Images;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.store.KindFollower;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Deployments into pods that always run, Services into addresses and names, claims into
 * folders. One thread owns all its state; starts, stops and probes run on the executor and come
 * back as messages. Pods outlive it: the next one adopts them.
 */
public final class Workloads implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Workloads.class);
  private static final long JOIN_MILLIS = 5_000;
  private static final List<ResourceKind> FOLLOWED =
      List.of(ResourceKind.DEPLOYMENT, ResourceKind.SERVICE, ResourceKind.CLAIM, ResourceKind.POD);

  /** The host's network, as far as Services need it. */
  public interface ServiceNetwork {
    /** Replaces all that was published before, at once. Blocks for some milliseconds. */
    void publish(ServiceTable table);
  }

  /**
   * What it works with; all of it stays its owner's to close.
   *
   * @param state folder of the daemon: logs of pods are below it
   * @param startsAtOnce pods that may be starting
   * @param executor runs what blocks: a virtual thread each
   */
  public record Parts(
      Path state,
      Clocks clocks,
      ResourceStore store,
      Images images,
      SandboxRuntimes runtimes,
      Volumes volumes,
      ServiceNetwork network,
      int startsAtOnce,
      RandomGenerator random,
      Executor executor) {}

  private final PodLogs logs;
  private final WorkloadLoop loop;
  private final Mailbox mailbox;
  private final ResourceStore store;
  private final List<Thread> followers = new ArrayList<>();
  private volatile boolean closed;
  private @Nullable Thread thread;

  public Workloads(Parts parts) {
    this.store = parts.store();
    this.mailbox = new Mailbox(parts.clocks().nanos());
    this.logs = new PodLogs(parts.state().resolve("pods"));
    this.loop = new WorkloadLoop(parts, mailbox, logs, Prober.HOST);
  }

  /**
   * Takes over what an earlier daemon left and begins to work. When it returns, Services lead to
   * the pods that run.
   *
   * @param left sandboxes of an earlier daemon that are pods
   */
  public void start(List<Sandbox> left) {
    loop.begin(left);
    thread = Thread.ofPlatform().name("workload").start(this::run);
    for (ResourceKind kind : FOLLOWED) {
      var follower = new KindFollower(store, kind, event -> changed(event.object()), loop::changed);
      followers.add(Thread.ofVirtual().name("workload-" + kind.plural()).start(follower));
    }
  }

  /** A Service that is only another name, such as of a function, leads to no pod. */
  private void changed(ApiObject object) {
    if (!object.spec().path("type").asString("").equals("ExternalName")) {
      loop.changed();
    }
  }

  /** What pods have written. */
  public PodLogs logs() {
    return logs;
  }

  /** For commands inside pods and connections to them. */
  public RunningPods running() {
    return loop::running;
  }

  /**
   * Full names of Services and of their pods, lower case, and their addresses, as they are now.
   * From any thread.
   */
  public Map<String, List<Inet4Address>> names() {
    return loop.names();
  }

  /** Full names of their ports, lower case, and where these lead to. From any thread. */
  public Map<String, List<InetSocketAddress>> ports() {
    return loop.ports();
  }

  private void run() {
    try {
      while (!closed) {
        loop.awaitNext();
      }
    } catch (InterruptedException closing) {
      LOG.debug("workload thread ends");
    }
  }

  /** Ends the work and what is starting; pods that run go on. */
  @Override
  public void close() {
    followers.forEach(Workloads::end);
    if (thread != null) {
      mailbox.post(
          () -> {
            loop.cancelStarts();
            closed = true;
          });
      join(thread);
      end(thread);
    }
  }

  private static void end(Thread one) {
    one.interrupt();
    join(one);
  }

  private static void join(Thread one) {
    try {
      one.join(JOIN_MILLIS);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
  }
}
