package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a machine is made of: each part is checked when it is given, as far as Firecracker does. */
final class MachineConfig {
  private static final int MAX_COMMAND_LINE = 2048;
  private static final String NO_FILE = "No such file or directory (os error 2)";

  private final Map<String, Fields> drives = new LinkedHashMap<>();
  private final Map<String, Fields> networks = new LinkedHashMap<>();
  private Fields machine = defaults();
  private Fields bootSource = new Fields(Map.of());
  private boolean touched;

  private static Fields defaults() {
    var all = new LinkedHashMap<String, Object>();
    all.put("vcpu_count", 1L);
    all.put("mem_size_mib", 128L);
    all.put("smt", false);
    all.put("track_dirty_pages", false);
    all.put("huge_pages", "None");
    return new Fields(all);
  }

  /** Whether anything that a snapshot would bring has been set. */
  boolean touched() {
    return touched;
  }

  long memoryBytes() {
    return machine.number("mem_size_mib") << 20;
  }

  String machineJson() {
    return Json.text(machine.values());
  }

  String commandLine() {
    return arguments(bootSource);
  }

  void machine(Fields given) throws Fault {
    Fields next = machine.with(given);
    long cpus = next.number("vcpu_count");
    if (cpus < 1 || cpus > 32 || (next.flag("smt") && cpus > 1 && cpus % 2 != 0)) {
      throw Fault.of(
          "Machine config error: The number of vCPUs must be greater than 0, less than 32 and must"
              + " be 1 or an even number if SMT is enabled.");
    }
    if (next.number("mem_size_mib") < 1) {
      throw Fault.of(
          "Machine config error: The memory size (MiB) is either 0, or not a multiple of the"
              + " configured page size.");
    }
    machine = next;
    touched = true;
  }

  void bootSource(Fields given) throws Fault {
    if (!Files.exists(path(given, "kernel_image_path"))) {
      throw Fault.of("Boot source error: The kernel file cannot be opened: " + NO_FILE);
    }
    if (given.has("initrd_path") && !Files.exists(path(given, "initrd_path"))) {
      throw Fault.of(
          "Boot source error: The initrd file cannot be opened due to invalid path or invalid"
              + " permissions. "
              + NO_FILE);
    }
    if (arguments(given).length() >= MAX_COMMAND_LINE) {
      throw Fault.of(
          "Boot source error: The kernel command line is invalid: Invalid cmdline capacity"
              + " provided.");
    }
    bootSource = given;
    touched = true;
  }

  void drive(String id, Fields given) throws Fault {
    checkId(id, given.text("drive_id"));
    String problem = "Drive config error: Unable to create the virtio block device: ";
    if (given.has("path_on_host") == given.has("socket")) {
      throw Fault.of(problem + "Invalid block config.");
    }
    if (given.has("path_on_host")) {
      checkBackingFile(given, problem);
    }
    drives.put(id, limited(new Fields(Map.of()), given));
    touched = true;
  }

  void network(String id, Fields given) throws Fault {
    checkId(id, given.text("iface_id"));
    for (Map.Entry<String, Fields> other : networks.entrySet()) {
      if (!other.getKey().equals(id)) {
        checkDifferent(given, other.getValue());
      }
    }
    networks.put(id, limited(new Fields(Map.of()), given));
    touched = true;
  }

  private static void checkDifferent(Fields one, Fields other) throws Fault {
    String problem = "Network config error: ";
    if (one.has("guest_mac")
        && other.has("guest_mac")
        && one.text("guest_mac").equalsIgnoreCase(other.text("guest_mac"))) {
      String mac = one.text("guest_mac").toLowerCase(Locale.ROOT);
      throw Fault.of(problem + "The MAC address is already in use: " + mac);
    }
    String tap = one.text("host_dev_name");
    if (tap.equals(other.text("host_dev_name"))) {
      throw Fault.of(
          problem
              + "Could not create the network device: Open tap device failed: Error while creating"
              + " ifreq structure: Device or resource busy (os error 16). Invalid TUN/TAP Backend"
              + " provided by "
              + tap
              + ". Check our documentation on setting up the network devices.");
    }
  }

  /** Of a machine that was started. */
  void patchDrive(String id, Fields given) throws Fault {
    checkId(id, given.text("drive_id"));
    String problem = "Drive config error: Unable to patch the block device: ";
    String advice = " Please verify the request arguments.";
    Fields drive = drives.get(id);
    if (drive == null) {
      throw Fault.of(problem + "Failed perform action on device: Device not found" + advice);
    }
    if (given.has("path_on_host") && !Files.exists(path(given, "path_on_host"))) {
      throw Fault.of(problem + "Block: " + missing(given) + advice);
    }
    drives.put(id, limited(drive, given));
  }

  void patchNetwork(String id, Fields given) throws Fault {
    checkId(id, given.text("iface_id"));
    Fields network = networks.get(id);
    if (network == null) {
      throw Fault.of("Network config error: Device not found"); // not observed
    }
    networks.put(id, limited(network, given));
  }

  /** Buckets that are not given stay as they are, and one that never fills is none. */
  private static Fields limited(Fields device, Fields given) {
    var all = new LinkedHashMap<>(device.with(given).values());
    for (String name : List.of("rate_limiter", "rx_rate_limiter", "tx_rate_limiter")) {
      if (given.has(name)) {
        Fields before = device.has(name) ? device.part(name) : new Fields(Map.of());
        Fields buckets = before.with(given.part(name));
        var filling = new LinkedHashMap<>(buckets.values());
        filling.keySet().removeIf(bucket -> neverFills(buckets.part(bucket)));
        all.put(name, filling);
      }
    }
    return new Fields(all);
  }

  private static boolean neverFills(Fields bucket) {
    return bucket.number("size") == 0 || bucket.number("refill_time") == 0;
  }

  /** What only a start finds out. */
  void checkBootable() throws Fault {
    if (bootSource.isEmpty()) {
      throw Fault.of("Start microvm error: Cannot start microvm without kernel configuration.");
    }
    try {
      byte[] kernel = new byte[4];
      try (var in = Files.newInputStream(path(bootSource, "kernel_image_path"))) {
        int read = in.readNBytes(kernel, 0, kernel.length);
        if (read < 4 || kernel[0] != 0x7f || kernel[1] != 'E') {
          throw Fault.of(
              "Start microvm error: Cannot load kernel due to invalid memory configuration or"
                  + " invalid kernel image: Kernel Loader: failed to load ELF kernel image");
        }
      }
    } catch (IOException e) {
      throw Fault.of("Start microvm error: " + e.getMessage());
    }
  }

  String json() {
    var all = new LinkedHashMap<String, Object>();
    all.put("drives", drives.values().stream().map(Fields::values).toList());
    all.put("boot-source", bootSource.values());
    all.put("machine-config", machine.values());
    all.put("network-interfaces", networks.values().stream().map(Fields::values).toList());
    return Json.text(all);
  }

  ObjectNode state() {
    ObjectNode state = Json.MAPPER.createObjectNode();
    state.set("machine", Json.MAPPER.valueToTree(machine.values()));
    state.set("boot-source", Json.MAPPER.valueToTree(bootSource.values()));
    ObjectNode drivesById = state.putObject("drives");
    drives.forEach((id, each) -> drivesById.set(id, Json.MAPPER.valueToTree(each.values())));
    ObjectNode networksById = state.putObject("networks");
    networks.forEach((id, each) -> networksById.set(id, Json.MAPPER.valueToTree(each.values())));
    return state;
  }

  /** As it was saved; the drives are opened again, under the paths that they had. */
  void restore(JsonNode state, List<Fields> overrides) throws Fault {
    machine = fields(state.path("machine"));
    bootSource = fields(state.path("boot-source"));
    state
        .path("drives")
        .properties()
        .forEach(each -> drives.put(each.getKey(), fields(each.getValue())));
    state
        .path("networks")
        .properties()
        .forEach(each -> networks.put(each.getKey(), fields(each.getValue())));
    for (Fields each : overrides) {
      override(each);
    }
    for (Fields drive : drives.values()) {
      if (!Files.exists(path(drive, "path_on_host"))) {
        throw Fault.fatal(
            "Failed to build microVM from snapshot: Failed to restore devices: Error restoring MMIO"
                + " devices: Block: "
                + missing(drive));
      }
    }
  }

  private void override(Fields override) throws Fault {
    Fields network = networks.get(override.text("iface_id"));
    if (network == null) {
      throw Fault.fatal("Failed to get snapshot state from file: Unknown Network Device.");
    }
    Fields tap = new Fields(Map.of("host_dev_name", override.text("host_dev_name")));
    networks.put(override.text("iface_id"), network.with(tap));
  }

  private static Fields fields(JsonNode saved) {
    var all = new LinkedHashMap<String, Object>();
    for (Map.Entry<String, JsonNode> entry : saved.properties()) {
      JsonNode value = entry.getValue();
      all.put(
          entry.getKey(),
          value.isObject()
              ? fields(value).values()
              : value.isBoolean()
                  ? (Object) value.asBoolean()
                  : value.isNumber() ? (Object) value.asLong() : value.asString());
    }
    return new Fields(all);
  }

  private static void checkBackingFile(Fields drive, String problem) throws Fault {
    if (!Files.exists(path(drive, "path_on_host"))) {
      throw Fault.of(problem + missing(drive));
    }
  }

  private static String missing(Fields drive) {
    return "Virtio backend error: Error manipulating the backing file: "
        + NO_FILE
        + " "
        + drive.text("path_on_host");
  }

  private static void checkId(String path, String body) throws Fault {
    if (!path.matches("[A-Za-z0-9_]+")) {
      throw Fault.of("API Resource IDs can only contain alphanumeric characters and underscores.");
    }
    if (!path.equals(body)) {
      throw Fault.of("The id from the path does not match the id from the body!");
    }
  }

  private static Path path(Fields given, String key) {
    return Path.of(given.text(key));
  }

  private static String arguments(Fields bootSource) {
    return bootSource.has("boot_args") ? bootSource.text("boot_args") : "";
  }
}
