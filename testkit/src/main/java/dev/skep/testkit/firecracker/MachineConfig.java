package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a machine is made of: each part is checked when it is given, as far as Firecracker does. */
final class MachineConfig {
  private static final int MAX_COMMAND_LINE = 2048;
  private static final String NO_FILE = "No such file or directory (os error 2)";

  private final Map<String, Object> machine = new LinkedHashMap<>();
  private final Map<String, Object> bootSource = new LinkedHashMap<>();
  private final Map<String, Map<String, Object>> drives = new LinkedHashMap<>();
  private final Map<String, Map<String, Object>> networks = new LinkedHashMap<>();
  private boolean touched;

  MachineConfig() {
    machine.put("vcpu_count", 1L);
    machine.put("mem_size_mib", 128L);
    machine.put("smt", false);
    machine.put("track_dirty_pages", false);
    machine.put("huge_pages", "None");
  }

  /** Whether anything that a snapshot would bring has been set. */
  boolean touched() {
    return touched;
  }

  long memoryBytes() {
    return (long) machine.get("mem_size_mib") << 20;
  }

  String machineJson() {
    return Json.text(machine);
  }

  String commandLine() {
    return String.valueOf(bootSource.getOrDefault("boot_args", ""));
  }

  void machine(Map<String, Object> given) throws Fault {
    var next = new LinkedHashMap<>(machine);
    next.putAll(given);
    long cpus = (long) next.get("vcpu_count");
    boolean smt = (boolean) next.get("smt");
    if (cpus < 1 || cpus > 32 || (smt && cpus > 1 && cpus % 2 != 0)) {
      throw Fault.of(
          "Machine config error: The number of vCPUs must be greater than 0, less than 32 and must"
              + " be 1 or an even number if SMT is enabled.");
    }
    if ((long) next.get("mem_size_mib") < 1) {
      throw Fault.of(
          "Machine config error: The memory size (MiB) is either 0, or not a multiple of the"
              + " configured page size.");
    }
    machine.putAll(next);
    touched = true;
  }

  void bootSource(Map<String, Object> given) throws Fault {
    if (!Files.exists(path(given, "kernel_image_path"))) {
      throw Fault.of("Boot source error: The kernel file cannot be opened: " + NO_FILE);
    }
    if (given.containsKey("initrd_path") && !Files.exists(path(given, "initrd_path"))) {
      throw Fault.of(
          "Boot source error: The initrd file cannot be opened due to invalid path or invalid"
              + " permissions. "
              + NO_FILE);
    }
    if (String.valueOf(given.getOrDefault("boot_args", "")).length() >= MAX_COMMAND_LINE) {
      throw Fault.of(
          "Boot source error: The kernel command line is invalid: Invalid cmdline capacity"
              + " provided.");
    }
    bootSource.clear();
    bootSource.putAll(given);
    touched = true;
  }

  void drive(String id, Map<String, Object> given) throws Fault {
    checkId(id, given.get("drive_id"));
    String problem = "Drive config error: Unable to create the virtio block device: ";
    if (given.containsKey("path_on_host") == given.containsKey("socket")) {
      throw Fault.of(problem + "Invalid block config.");
    }
    if (given.containsKey("path_on_host")) {
      checkBackingFile(given, problem);
    }
    drives.put(id, given);
    touched = true;
  }

  void network(String id, Map<String, Object> given) throws Fault {
    checkId(id, given.get("iface_id"));
    for (Map.Entry<String, Map<String, Object>> other : networks.entrySet()) {
      if (other.getKey().equals(id)) {
        continue;
      }
      Object mac = other.getValue().get("guest_mac");
      if (mac != null && mac.toString().equalsIgnoreCase(String.valueOf(given.get("guest_mac")))) {
        throw Fault.of(
            "Network config error: The MAC address is already in use: "
                + mac.toString().toLowerCase(java.util.Locale.ROOT));
      }
      if (other.getValue().get("host_dev_name").equals(given.get("host_dev_name"))) {
        throw Fault.of(
            "Network config error: Could not create the network device: Open tap device failed:"
                + " Error while creating ifreq structure: Device or resource busy (os error 16)."
                + " Invalid TUN/TAP Backend provided by "
                + given.get("host_dev_name")
                + ". Check our documentation on setting up the network devices.");
      }
    }
    networks.put(id, given);
    touched = true;
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
    all.put("drives", drives.values());
    all.put("boot-source", bootSource);
    all.put("machine-config", machine);
    all.put("network-interfaces", networks.values());
    return Json.text(all);
  }

  ObjectNode state() {
    ObjectNode state = Json.MAPPER.createObjectNode();
    state.set("machine", Json.MAPPER.valueToTree(machine));
    state.set("boot-source", Json.MAPPER.valueToTree(bootSource));
    state.set("drives", Json.MAPPER.valueToTree(drives));
    state.set("networks", Json.MAPPER.valueToTree(networks));
    return state;
  }

  /** As it was saved; the drives are opened again, under the paths that they had. */
  void restore(JsonNode state, Iterable<?> overrides) throws Fault {
    machine.put("mem_size_mib", state.path("machine").path("mem_size_mib").asLong());
    machine.put("vcpu_count", state.path("machine").path("vcpu_count").asLong());
    put(state.path("boot-source"), bootSource);
    for (Map.Entry<String, JsonNode> drive : state.path("drives").properties()) {
      drives.put(drive.getKey(), put(drive.getValue(), new LinkedHashMap<>()));
    }
    for (Map.Entry<String, JsonNode> network : state.path("networks").properties()) {
      networks.put(network.getKey(), put(network.getValue(), new LinkedHashMap<>()));
    }
    for (Object each : overrides) {
      override((Map<?, ?>) each);
    }
    String problem =
        "Failed to build microVM from snapshot: Failed to restore devices: Error restoring MMIO"
            + " devices: Block: ";
    for (Map<String, Object> drive : drives.values()) {
      if (!Files.exists(path(drive, "path_on_host"))) {
        throw Fault.fatal(problem + missing(drive));
      }
    }
  }

  private void override(Map<?, ?> override) throws Fault {
    Map<String, Object> network = networks.get(override.get("iface_id"));
    if (network == null) {
      throw Fault.fatal("Failed to get snapshot state from file: Unknown Network Device.");
    }
    network.put("host_dev_name", String.valueOf(override.get("host_dev_name")));
  }

  private static Map<String, Object> put(JsonNode from, Map<String, Object> into) {
    for (Map.Entry<String, JsonNode> entry : from.properties()) {
      JsonNode value = entry.getValue();
      into.put(entry.getKey(), value.isBoolean() ? (Object) value.asBoolean() : value.asString());
    }
    return into;
  }

  private static void checkBackingFile(Map<String, Object> drive, String problem) throws Fault {
    if (!Files.exists(path(drive, "path_on_host"))) {
      throw Fault.of(problem + missing(drive));
    }
  }

  private static String missing(Map<String, Object> drive) {
    return "Virtio backend error: Error manipulating the backing file: "
        + NO_FILE
        + " "
        + drive.get("path_on_host");
  }

  private static void checkId(String path, Object body) throws Fault {
    if (!path.matches("[A-Za-z0-9_]+")) {
      throw Fault.of("API Resource IDs can only contain alphanumeric characters and underscores.");
    }
    if (!path.equals(body)) {
      throw Fault.of("The id from the path does not match the id from the body!");
    }
  }

  private static Path path(Map<String, Object> given, String key) {
    return Path.of(String.valueOf(given.get(key)));
  }
}
