package dev.skep.testkit.firecracker;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The one machine of a process, from nothing to running and paused. Owned by the VMM's thread. */
class Machine {
  private enum State {
    NOT_STARTED("Not started"),
    RUNNING("Running"),
    PAUSED("Paused");

    private final String text;

    State(String text) {
      this.text = text;
    }
  }

  private final String id;
  private final Settings settings;
  private final FakeLog log;
  private final FakeMetrics metrics;
  private final Consumer<HttpReader.Request> heard;
  private final MachineConfig config = new MachineConfig();
  private State state = State.NOT_STARTED;
  private GuestPages memory = GuestPages::expected;
  private List<Integer> toTouch = List.of();

  /**
   * @param heard told of every request
   */
  Machine(
      String id,
      Settings settings,
      FakeLog log,
      FakeMetrics metrics,
      Consumer<HttpReader.Request> heard) {
    this.id = id;
    this.settings = settings;
    this.log = log;
    this.metrics = metrics;
    this.heard = heard;
  }

  Reply answer(HttpReader.Request request) {
    heard.accept(request);
    log.info("fc_api", "The API server received a " + request.method() + " on /" + request.path());
    try {
      return switch (request.method()) {
        case "GET" -> get(request);
        case "PUT" -> put(request.path(), body(request));
        case "PATCH" -> patch(request.path(), body(request));
        default -> throw unknown(request.method(), request.path());
      };
    } catch (Fault e) {
      log.error(
          "fc_api", "Received Error. Status code: 400 Bad Request. Message: " + e.getMessage());
      return Reply.fault(e);
    }
  }

  /** What the guest does until it is paused; here: once. */
  void goOn() {
    List<Integer> pages = toTouch;
    if (state != State.RUNNING || pages.isEmpty()) {
      return;
    }
    toTouch = List.of();
    check(pages);
    System.out.println("touched " + pages.size() + " pages");
  }

  /** Ends the process; a test in the same process has something else happen. */
  void end(int code) {
    log.error("main", "Firecracker exiting with error. exit_code=" + code);
    Runtime.getRuntime().halt(code);
  }

  private static String body(HttpReader.Request request) throws Fault {
    return request.body().orElseThrow(() -> Fault.of("Empty " + request.method() + " request."));
  }

  private static Fault unknown(String method, String path) {
    return Fault.of("Invalid request method and/or path: " + method + " " + path + ".");
  }

  private Reply get(HttpReader.Request request) throws Fault {
    if (request.body().isPresent()) {
      throw Fault.of("GET request cannot have a body.");
    }
    return switch (request.path()) {
      case "" -> Reply.ok(description());
      case "version" -> Reply.ok("{\"firecracker_version\":" + Json.text(settings.version()) + "}");
      case "machine-config" -> Reply.ok(config.machineJson());
      case "vm/config" -> Reply.ok(config.json());
      default -> throw unknown("GET", request.path());
    };
  }

  private String description() {
    var all = new LinkedHashMap<String, Object>();
    all.put("id", id);
    all.put("state", state.text);
    all.put("vmm_version", settings.version());
    all.put("app_name", "Firecracker");
    return Json.text(all);
  }

  private Reply put(String path, String body) throws Fault {
    String[] parts = path.split("/", -1);
    switch (parts[0]) {
      case "machine-config" -> beforeStart(Bodies.MACHINE.parse(body), config::machine);
      case "boot-source" -> beforeStart(Bodies.BOOT_SOURCE.parse(body), config::bootSource);
      case "drives" -> {
        Fields drive = Bodies.DRIVE.parse(body);
        if (state != State.NOT_STARTED) {
          throw Fault.of("PCI is not enabled");
        }
        config.drive(id(parts), drive);
      }
      case "network-interfaces" ->
          beforeStart(Bodies.NETWORK.parse(body), given -> config.network(id(parts), given));
      case "logger" -> beforeStart(Bodies.LOGGER.parse(body), _ -> {});
      case "metrics" ->
          beforeStart(
              Bodies.METRICS.parse(body),
              given -> metrics.open(Path.of(given.text("metrics_path"))));
      case "actions" -> act(Bodies.ACTION.parse(body).text("action_type"));
      case "snapshot" -> snapshot(path, body);
      default -> throw unknown("PUT", path);
    }
    return Reply.done();
  }

  private void snapshot(String path, String body) throws Fault {
    switch (path) {
      case "snapshot/create" -> create(Bodies.CREATE.parse(body));
      case "snapshot/load" -> {
        long begun = System.nanoTime();
        load((settings.overridesNetworks() ? Bodies.LOAD : Bodies.LOAD_BEFORE_1_12).parse(body));
        metrics.took("load_snapshot", System.nanoTime() - begun);
        metrics.flush();
      }
      default -> throw unknown("PUT", path);
    }
  }

  private static String id(String[] path) {
    return path.length > 1 ? path[1] : "";
  }

  private interface Part {
    void accept(Fields given) throws Fault;
  }

  private void beforeStart(Fields given, Part part) throws Fault {
    if (state != State.NOT_STARTED) {
      throw Fault.of("The requested operation is not supported after starting the microVM.");
    }
    part.accept(given);
  }

  private void afterStart() throws Fault {
    if (state == State.NOT_STARTED) {
      throw Fault.of("The requested operation is not supported before starting the microVM.");
    }
  }

  private Reply patch(String path, String body) throws Fault {
    String[] parts = path.split("/", -1);
    switch (parts[0]) {
      case "vm" -> {
        String wanted = Bodies.VM.parse(body).text("state");
        afterStart();
        state = wanted.equals("Paused") ? State.PAUSED : State.RUNNING;
        metrics.took(wanted.equals("Paused") ? "pause_vm" : "resume_vm", 1000);
      }
      case "drives" -> {
        Fields given = Bodies.DRIVE_PATCH.parse(body);
        afterStart();
        config.patchDrive(id(parts), given);
      }
      case "network-interfaces" -> {
        Fields given = Bodies.NETWORK_PATCH.parse(body);
        afterStart();
        config.patchNetwork(id(parts), given);
      }
      case "machine-config" -> {
        Fields given = new Shape(Bodies.MACHINE.fields(), List.of(), false).parse(body);
        if (given.isEmpty()) {
          throw Fault.of("Empty PATCH request.");
        }
        beforeStart(given, config::machine);
      }
      default -> throw unknown("PATCH", path);
    }
    return Reply.done();
  }

  private void act(String action) throws Fault {
    if (!action.equals("InstanceStart")) {
      afterStart();
      if (action.equals("FlushMetrics")) {
        metrics.flush();
      }
      return;
    }
    beforeStart(new Fields(Map.of()), _ -> config.checkBootable());
    memory = GuestPages.booted(config.memoryBytes());
    state = State.RUNNING;
    System.out.println("booted: " + config.commandLine());
    metrics.flush();
    guestMayEnd();
  }

  /** A word on its command line tells the guest how to end. */
  private void guestMayEnd() {
    if (config.commandLine().contains("fake.cpu=fails")) {
      log.error("fc_vcpu 0", "Unexpected exit reason on vcpu run: Shutdown");
      log.error("main", "Discarding unexpected vCPU response during teardown");
      endSoon(0);
    } else if (config.commandLine().contains("fake.reset")) {
      endSoon(0);
    }
  }

  private void endSoon(int code) {
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                Thread.sleep(100); // the start is answered
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(code);
            });
  }

  private void create(Fields given) throws Fault {
    afterStart();
    if (state == State.RUNNING) {
      throw Fault.of(
          "Create snapshot error: Cannot save the microVM state: Operation not allowed:"
              + " save/restore unavailable while running");
    }
    boolean diff = given.has("snapshot_type") && given.text("snapshot_type").equals("Diff");
    if (diff && !settings.savesResidentPages()) {
      throw Fault.of(
          "The requested operation is not supported: Diff snapshots are not allowed on uVMs with"
              + " dirty page tracking disabled.");
    }
    long begun = System.nanoTime();
    ObjectNode saved = config.state();
    saved.set("regions", Json.MAPPER.valueToTree(regions()));
    write("snapshot", () -> StateFile.write(Path.of(given.text("snapshot_path")), saved));
    write("memory", () -> writeMemory(Path.of(given.text("mem_file_path")), diff));
    metrics.took(diff ? "diff_create_snapshot" : "full_create_snapshot", System.nanoTime() - begun);
  }

  private interface Writing {
    void run() throws IOException;
  }

  private static void write(String what, Writing writing) throws Fault {
    try {
      writing.run();
    } catch (NoSuchFileException | FileNotFoundException e) {
      throw Fault.of(
          "Create snapshot error: Cannot perform open on the "
              + what
              + " backing file: No such file or directory (os error 2)");
    } catch (IOException e) {
      String words = String.valueOf(e.getMessage());
      String number = words.contains("No space left") ? " (os error 28)" : "";
      throw Fault.of("Create snapshot error: Cannot write memory file: " + words + number);
    }
  }

  /** A file that exists is written over, not replaced. */
  private void writeMemory(Path file, boolean diff) throws IOException {
    BitSet wanted = memory.resident(pages());
    if (!diff) {
      wanted.set(0, pages());
    }
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(config.memoryBytes());
      for (int page = wanted.nextSetBit(0); page >= 0; page = wanted.nextSetBit(page + 1)) {
        out.seek((long) page * GuestPages.PAGE);
        out.write(memory.read(page));
      }
      out.getFD().sync();
    }
  }

  private void load(Fields given) throws Fault {
    Fields backend = backend(given);
    beforeStart(given, _ -> {});
    if (config.touched()) {
      throw Fault.of(
          "Load snapshot error: Loading a microVM snapshot not allowed after configuring"
              + " boot-specific resources.");
    }
    JsonNode saved = StateFile.read(Path.of(given.text("snapshot_path")));
    Path source = Path.of(backend.text("backend_path"));
    var loaded = new ArrayList<Long>();
    saved.path("regions").forEach(bytes -> loaded.add(bytes.asLong()));
    long bytes = loaded.stream().mapToLong(Long::longValue).sum();
    memory =
        backend.text("backend_type").equals("Uffd")
            ? GuestPages.paged(source, loaded)
            : GuestPages.mapped(source, bytes);
    config.restore(saved, given.parts("network_overrides"));
    check(settings.touchedByLoad().stream().map(page -> page % pages()).toList());
    toTouch = settings.touchedByResume();
    state = given.flag("resume_vm") ? State.RUNNING : State.PAUSED;
  }

  private static Fields backend(Fields given) throws Fault {
    boolean file = given.has("mem_file_path");
    if (file && given.has("mem_backend")) {
      throw Fault.body(
          "too many fields: either `mem_backend` or `mem_file_path` exclusively is required.");
    }
    if (!file && !given.has("mem_backend")) {
      throw Fault.body("missing field: either `mem_backend` or `mem_file_path` is required.");
    }
    return file
        ? new Fields(Map.of("backend_type", "File", "backend_path", given.text("mem_file_path")))
        : given.part("mem_backend");
  }

  /** A page with other bytes than were saved would be the end of any guest. */
  private void check(List<Integer> pages) {
    for (int page : pages) {
      if (!Arrays.equals(memory.read(page), GuestPages.expected(page))) {
        log.error("fc_vcpu 0", "page " + page + " of the guest's memory has other bytes");
        end(1);
      }
    }
  }

  private int pages() {
    return Math.toIntExact(config.memoryBytes() / GuestPages.PAGE);
  }

  /** The first is the largest. */
  private List<Long> regions() {
    long small = config.memoryBytes() / 4 / GuestPages.PAGE * GuestPages.PAGE;
    var sizes = new ArrayList<Long>();
    for (int i = 1; i < settings.regions(); i++) {
      sizes.add(small);
    }
    sizes.addFirst(config.memoryBytes() - small * sizes.size());
    return sizes;
  }
}
