package dev.skep.daemon;

import dev.skep.control.InstanceView;
import dev.skep.control.Instances;
import dev.skep.image.Images;
import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The daemon at one moment, as {@code /apis/skep.dev/v1/status} and {@code skep status} show it.
 *
 * @param gateway {@code host:port}
 * @param api {@code https://host:port}
 * @param instances by state
 */
record DaemonStatus(
    String version,
    long pid,
    Instant startedAt,
    String state,
    String gateway,
    String domain,
    String api,
    String kubeconfig,
    Sandboxes sandboxes,
    int services,
    Map<String, Long> instances,
    int images,
    Memory memory) {

  /**
   * @param standard kind of those that ask for none
   * @param kinds what this host has of each, once it has been looked for
   */
  record Sandboxes(String standard, Map<String, Kind> kinds) {}

  /**
   * @param detail accelerator and versions, or what is missing
   */
  record Kind(boolean available, String detail) {}

  /** Bytes. */
  record Memory(long residentBytes, long heapUsedBytes) {}

  /** Makes one whenever it is asked. */
  static final class Source implements Supplier<DaemonStatus> {
    private final String version;
    private final Parts settings;
    private final ResourceStore store;
    private final Instances instances;
    private final Images images;
    private final SandboxRuntimes runtimes;
    private final Instant startedAt = Instant.now();
    private volatile int apiPort;
    private final Map<String, Kind> kinds = new ConcurrentSkipListMap<>();

    Source(
        String version,
        Parts settings,
        ResourceStore store,
        Instances instances,
        Images images,
        SandboxRuntimes runtimes) {
      this.version = version;
      this.settings = settings;
      this.store = store;
      this.instances = instances;
      this.images = images;
      this.runtimes = runtimes;
    }

    void apiPort(int port) {
      apiPort = port;
    }

    /** Tries what the host can do; that takes a while the first time, and warms it up. */
    void probe() {
      for (SandboxRuntime runtime : runtimes.all()) {
        Capabilities found = runtime.capabilities();
        kinds.put(runtime.kind(), new Kind(found.available(), found.detail()));
      }
    }

    @Override
    public DaemonStatus get() {
      DaemonConfig config = settings.config();
      Path state = settings.state();
      return new DaemonStatus(
          version,
          ProcessHandle.current().pid(),
          startedAt,
          state.toString(),
          config.gateway().address() + ":" + settings.gatewayPort(),
          config.gateway().domain(),
          "https://" + config.api().address() + ":" + apiPort,
          state.resolve("kubeconfig").toString(),
          new Sandboxes(runtimes.standard(), Map.copyOf(kinds)),
          store.list(ResourceKind.KNATIVE_SERVICE, Optional.empty()).items().size(),
          byState(instances.list()),
          images.list().size(),
          memory());
    }

    private static Map<String, Long> byState(List<InstanceView> views) {
      return views.stream()
          .collect(Collectors.groupingBy(InstanceView::state, TreeMap::new, Collectors.counting()));
    }

    private static Memory memory() {
      try {
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 3);
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return new Memory(Long.parseLong(pages[1]) * 4096, heap.getUsed());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
