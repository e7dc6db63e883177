package dev.skep.testkit.firecracker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.linux.DataExtents;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fake answers what Firecracker 1.17 was observed to answer, byte for byte. */
class FakeFirecrackerTest {
  private static final String BODY =
      "An error occurred when deserializing the json body of a request: ";
  private static final String BEFORE =
      "The requested operation is not supported before starting the microVM.";
  private static final String AFTER =
      "The requested operation is not supported after starting the microVM.";
  private static final String CPUS =
      "Machine config error: The number of vCPUs must be greater than 0, less than 32 and must be"
          + " 1 or an even number if SMT is enabled.";
  private static final String LOADING = "Load snapshot error: Failed to restore from snapshot: ";

  @TempDir Path folder;
  private ApiServer server;
  private final List<Integer> ends = new CopyOnWriteArrayList<>();

  @BeforeEach
  void listen() throws IOException {
    start();
    Files.write(folder.resolve("kernel"), new byte[] {0x7f, 'E', 'L', 'F'});
    Files.writeString(folder.resolve("image"), "an image");
  }

  private void start() throws IOException {
    start(Settings.observed());
  }

  private void start(Settings settings) throws IOException {
    Files.deleteIfExists(folder.resolve("api"));
    FakeLog log = FakeLog.open("api1", false, Optional.of(folder.resolve("log")));
    var machine =
        new Machine("api1", settings, log, new FakeMetrics(), _ -> {}) {
          @Override
          void end(int code) {
            ends.add(code);
          }
        };
    server = ApiServer.listen(folder.resolve("api"), machine);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void repliesHaveNoReasonPhraseAndSuccessHasNoLength() throws IOException {
    assertThat(raw("GET / HTTP/1.1\r\n\r\n"))
        .isEqualTo(
            "HTTP/1.1 200 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nContent-Type:"
                + " application/json\r\nContent-Length: 87\r\n\r\n{\"id\":\"api1\",\"state\":\"Not"
                + " started\",\"vmm_version\":\"1.17.0-dev\",\"app_name\":\"Firecracker\"}");
    assertThat(put("/machine-config", "{\"vcpu_count\":1,\"mem_size_mib\":128}"))
        .isEqualTo("HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n");
  }

  @Test
  void whatIsNoRequestIsToldInJsonWithARawLineBreakAndTheConnectionLivesOn() throws IOException {
    String dropped = "\nAll previous unanswered requests will be dropped.\" }";
    try (var client = connect()) {
      assertThat(ask(client, "garbage\r\n\r\n"))
          .startsWith("HTTP/1.1 400 \r\n")
          .contains("Content-Length: 81\r\n")
          .endsWith("{ \"error\": \"Invalid request." + dropped);
      assertThat(ask(client, "POST / HTTP/1.1\r\n\r\n"))
          .endsWith("{ \"error\": \"Invalid HTTP Method: Unsupported HTTP method." + dropped);
      assertThat(
              ask(
                  client,
                  "PUT /machine-config HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
          .endsWith("{ \"error\": \"Invalid request." + dropped);
      assertThat(ask(client, "PUT /vm HTTP/1.1\r\nContent-Length: 60000\r\n\r\n"))
          .endsWith(
              "{ \"error\": \"Request payload with size 60000 is larger than the limit of 51200"
                  + " allowed by server."
                  + dropped);
      assertThat(ask(client, "GET /version HTTP/1.0\r\nConnection: close\r\n\r\n"))
          .endsWith("{\"firecracker_version\":\"1.17.0-dev\"}");
      assertThat(ask(client, "GET http://localhost/version HTTP/1.1\r\n\r\n"))
          .endsWith("{\"firecracker_version\":\"1.17.0-dev\"}");
    }
  }

  @Test
  void aBodyThatIsAnnouncedIsAskedFor() throws IOException {
    try (var client = connect()) {
      String body = "{\"vcpu_count\":1,\"mem_size_mib\":128}";
      String head = "PUT /machine-config HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: ";
      assertThat(ask(client, head + body.length() + "\r\n\r\n")).startsWith("HTTP/1.1 100 \r\n");
      assertThat(ask(client, body)).startsWith("HTTP/1.1 204 \r\n");
    }
  }

  @Test
  void requestsMayComeInPiecesAndTogether() throws IOException {
    try (var client = connect()) {
      for (String piece : "GET /version HTTP/1.1\r\n\r".split("")) {
        send(client, piece);
      }
      assertThat(ask(client, "\n")).contains("firecracker_version");
      String one = "GET /version HTTP/1.1\r\n\r\n";
      String both = ask(client, one + one);
      if (both.lastIndexOf("HTTP/1.1") == 0) {
        both += receive(client);
      }
      assertThat(both.split("firecracker_version", -1)).hasSize(3);
    }
  }

  @Test
  void anEleventhConnectionIsRefused() throws IOException {
    var open = new ArrayList<SocketChannel>();
    try {
      for (int i = 0; i < 10; i++) {
        SocketChannel client = connect();
        open.add(client);
        assertThat(ask(client, "GET / HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 200 \r\n");
      }
      SocketChannel eleventh = connect();
      open.add(eleventh);
      assertThat(receive(eleventh))
          .isEqualTo(
              "HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\nContent-Length:"
                  + " 40\r\n\r\n{ \"error\": \"Too many open connections\" }");
    } finally {
      for (SocketChannel client : open) {
        client.close();
      }
    }
  }

  @Test
  void refusesBeforeItsStartWhatFirecrackerRefuses() throws IOException {
    String unknown = "expected one of `vcpu_count`, `mem_size_mib`, `smt`, `cpu_template`,";
    replay(
        "DELETE / => Invalid request method and/or path: DELETE .",
        "GET /nope => Invalid request method and/or path: GET nope.",
        "PUT /machine-config => Empty PUT request.",
        "GET / {} => GET request cannot have a body.",
        "PUT /machine-config {} => " + BODY + "missing field `vcpu_count` at line 1 column 2.",
        "PATCH /vm {\"state\":\"Paused\"} => " + BEFORE,
        "PUT /snapshot/create {\"snapshot_path\":\"a\",\"mem_file_path\":\"b\"} => " + BEFORE,
        "PUT /actions {\"action_type\":\"FlushMetrics\"} => " + BEFORE,
        "PUT /actions {\"action_type\":\"InstanceStart\"} => Start microvm error: Cannot start"
            + " microvm without kernel configuration.",
        "PUT /actions {\"action_type\":\"Nope\"} => "
            + BODY
            + "unknown variant `Nope`, expected one of `FlushMetrics`, `InstanceStart`,"
            + " `SendCtrlAltDel` at line 1 column 21.",
        "PUT /machine-config {\"vcpu_count\":0,\"mem_size_mib\":128} => " + CPUS,
        "PUT /machine-config {\"vcpu_count\":33,\"mem_size_mib\":128} => " + CPUS,
        "PUT /machine-config {\"vcpu_count\":3,\"mem_size_mib\":128} =>",
        "PUT /machine-config {\"vcpu_count\":1} => "
            + BODY
            + "missing field `mem_size_mib` at line 1 column 16.",
        "PUT /machine-config {\"vcpu_count\":1,\"mem_size_mib\":0} => Machine config error: The"
            + " memory size (MiB) is either 0, or not a multiple of the configured page size.",
        "PUT /machine-config {\"vcpu_count\":1,\"mem_size_mib\":128,\"x\":1} => "
            + BODY
            + "unknown field `x`, "
            + unknown
            + " `track_dirty_pages`, `huge_pages` at line 1 column 38.",
        "PUT /machine-config {\"vcpu_count\":1, => "
            + BODY
            + "EOF while parsing a value at line 1 column 16.",
        "PATCH /machine-config {\"mem_size_mib\":64} =>",
        "PATCH /machine-config {} => Empty PATCH request.",
        "PUT /boot-source {} => " + BODY + "missing field `kernel_image_path` at line 1 column 2.",
        "PUT /boot-source {\"kernel_image_path\":\"/nonexistent\"} => Boot source error: The kernel"
            + " file cannot be opened: No such file or directory (os error 2)",
        "PUT /boot-source {\"kernel_image_path\":\"$F/kernel\",\"boot_args\":\""
            + "x".repeat(3000)
            + "\"} => Boot source error: The kernel command line is invalid: Invalid cmdline"
            + " capacity provided.",
        "PUT /logger {\"level\":\"Loud\"} => " + BODY + "Invalid LevelFilter at line 1 column 16.",
        "PUT /metrics {\"metrics_path\":\"$F/metrics\"} =>",
        "PUT /metrics {\"metrics_path\":\"$F/metrics\"} => Metrics error: Cannot initialize the metrics"
            + " system due to bad user input: Reinitialization of metrics not allowed.");
  }

  @Test
  void devicesAreCheckedWhenTheyAreGiven() throws IOException {
    String drive = "Drive config error: Unable to create the virtio block device: ";
    replay(
        "PUT /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"/nonexistent\",\"is_root_device\":false}"
            + " => "
            + drive
            + "Virtio backend error: Error manipulating the backing file: No such file or directory"
            + " (os error 2) /nonexistent",
        "PUT /drives/rw {\"drive_id\":\"other\",\"path_on_host\":\"$F/image\",\"is_root_device\":false}"
            + " => The id from the path does not match the id from the body!",
        "PUT /drives/rw {\"drive_id\":\"rw\",\"is_root_device\":false} => "
            + drive
            + "Invalid block config.",
        "PUT /drives/a-b {\"drive_id\":\"a-b\",\"path_on_host\":\"$F/image\",\"is_root_device\":false}"
            + " => API Resource IDs can only contain alphanumeric characters and underscores.",
        "PUT /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"$F/image\",\"is_root_device\":false} =>",
        "PUT /network-interfaces/eth0 {\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\",\"guest_mac\":\"zz\"}"
            + " => "
            + BODY
            + "The provided MAC address is invalid. at line 1 column 59.",
        "PUT /network-interfaces/eth0 {\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\",\"guest_mac\":\"AA:FC:00:00:00:01\"}"
            + " =>",
        "PUT /network-interfaces/eth1 {\"iface_id\":\"eth1\",\"host_dev_name\":\"tap0\"} => Network"
            + " config error: Could not create the network device: Open tap device failed: Error"
            + " while creating ifreq structure: Device or resource busy (os error 16). Invalid"
            + " TUN/TAP Backend provided by tap0. Check our documentation on setting up the network"
            + " devices.",
        "PUT /network-interfaces/eth1 {\"iface_id\":\"eth1\",\"host_dev_name\":\"tapnew\",\"guest_mac\":\"AA:FC:00:00:00:01\"}"
            + " => Network config error: The MAC address is already in use: aa:fc:00:00:00:01",
        "PUT /snapshot/load {\"snapshot_path\":\"/x\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"/y\"}}"
            + " => Load snapshot error: Loading a microVM snapshot not allowed after configuring"
            + " boot-specific resources.");
  }

  @Test
  void devicesOfARunningMachineGetOtherFilesAndLimits() throws IOException {
    String patch = "Drive config error: Unable to patch the block device: ";
    replay("PATCH /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"$F/image\"} => " + BEFORE);
    replay(
        "PUT /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"$F/image\",\"is_root_device\":false,\"is_read_only\":false,\"rate_limiter\":{\"bandwidth\":{\"size\":1000000,\"refill_time\":100}}}"
            + " =>",
        "PUT /network-interfaces/eth1 {\"iface_id\":\"eth1\",\"host_dev_name\":\"tap1\",\"rx_rate_limiter\":{\"bandwidth\":{\"size\":1,\"refill_time\":2},\"ops\":{\"size\":3,\"refill_time\":4}}}"
            + " =>");
    boot();
    replay(
        "PATCH /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"$F/kernel\"} =>",
        "PATCH /drives/zz {\"drive_id\":\"zz\",\"path_on_host\":\"$F/image\"} => "
            + patch
            + "Failed perform action on device: Device not found Please verify the request"
            + " arguments.",
        "PATCH /drives/rw {\"drive_id\":\"rw\",\"path_on_host\":\"/nonexistent\"} => "
            + patch
            + "Block: Virtio backend error: Error manipulating the backing file: No such file or"
            + " directory (os error 2) /nonexistent Please verify the request arguments.",
        "PATCH /network-interfaces/eth1 {\"iface_id\":\"eth1\",\"rx_rate_limiter\":{\"bandwidth\":{\"size\":0,\"refill_time\":0}}}"
            + " =>");
    assertThat(raw("GET /vm/config HTTP/1.1\r\n\r\n"))
        .contains("\"rate_limiter\":{\"bandwidth\":{\"size\":1000000,\"refill_time\":100}}")
        .contains("/kernel\"")
        .contains("\"rx_rate_limiter\":{\"ops\":{\"size\":3,\"refill_time\":4}}");
  }

  @Test
  void aRunningMachineIsConfiguredNoMoreAndSavedOnlyWhileItStandsStill() throws IOException {
    boot();
    replay(
        "PUT /actions {\"action_type\":\"InstanceStart\"} => " + AFTER,
        "PUT /machine-config {\"vcpu_count\":1,\"mem_size_mib\":128} => " + AFTER,
        "PUT /boot-source {\"kernel_image_path\":\"$F/kernel\"} => " + AFTER,
        "PUT /drives/x {\"drive_id\":\"x\",\"path_on_host\":\"$F/image\",\"is_root_device\":false} =>"
            + " PCI is not enabled",
        "PUT /logger {\"level\":\"Info\"} => " + AFTER,
        "PUT /snapshot/load {\"snapshot_path\":\"/x\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"/y\"}}"
            + " => "
            + AFTER,
        "PUT /snapshot/create {\"snapshot_path\":\"a\",\"mem_file_path\":\"b\"} => Create snapshot"
            + " error: Cannot save the microVM state: Operation not allowed: save/restore"
            + " unavailable while running",
        "PATCH /vm {\"state\":\"Nope\"} => "
            + BODY
            + "unknown variant `Nope`, expected `Paused` or `Resumed` at line 1 column 15.",
        "PATCH /vm {\"state\":\"Resumed\"} =>",
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PUT /snapshot/create {\"snapshot_path\":\"/nodir/s\",\"mem_file_path\":\"$F/m\"} => Create"
            + " snapshot error: Cannot perform open on the snapshot backing file: No such file or"
            + " directory (os error 2)",
        "PUT /snapshot/create {\"snapshot_type\":\"Nope\",\"snapshot_path\":\"s\",\"mem_file_path\":\"m\"}"
            + " => "
            + BODY
            + "unknown variant `Nope`, expected `Diff` or `Full` at line 1 column 23.");
    assertThat(raw("GET / HTTP/1.1\r\n\r\n")).contains("\"state\":\"Paused\"");
  }

  @Test
  void aBodyThatIsRefusedLeavesTheProcessAndASnapshotThatIsRefusedDoesNot() throws IOException {
    save();
    String file = ",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"$F/m\"}";
    String good = "\"snapshot_path\":\"$F/s\"" + file;
    String fields =
        "expected one of `snapshot_path`, `mem_file_path`, `mem_backend`, `enable_diff_snapshots`,"
            + " `track_dirty_pages`, `resume_vm`, `network_overrides`, `vsock_override`,"
            + " `clock_realtime`, `huge_pages`";
    restart();
    assertThat(answer("PUT /snapshot/load {" + good + ",\"drive_overrides\":[]}"))
        .contains("unknown field `drive_overrides`, " + fields);
    replay(
        "PUT /snapshot/load {\"snapshot_path\":\"s\"} => "
            + BODY
            + "missing field: either `mem_backend` or `mem_file_path` is required.",
        "PUT /snapshot/load {"
            + good
            + ",\"mem_file_path\":\"$F/m\"} => "
            + BODY
            + "too many fields: either `mem_backend` or `mem_file_path` exclusively is required.");
    assertThat(ends).isEmpty();

    Files.writeString(folder.resolve("short"), "short");
    byte[] state = Files.readAllBytes(folder.resolve("s"));
    Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(state, state.length / 2));
    state[20] ^= 1;
    Files.write(folder.resolve("flipped"), state);
    String got = LOADING + "Failed to get snapshot state from file: ";
    String memory = LOADING + "Failed to load guest memory: Error creating guest memory from ";
    replay(
        "PUT /snapshot/load {\"snapshot_path\":\"/nope\""
            + file
            + "} => "
            + got
            + "Failed to open snapshot file: No such file or directory (os error 2)",
        "PUT /snapshot/load {\"snapshot_path\":\"$F/flipped\""
            + file
            + "} => "
            + got
            + "Failed to load snapshot state from file: CRC64 validation failed",
        "PUT /snapshot/load {\"snapshot_path\":\"$F/cut\""
            + file
            + "} => "
            + got
            + "Failed to load snapshot state from file: An error occurred during bitcode"
            + " serialization: bitcode error",
        "PUT /snapshot/load {\"snapshot_path\":\"$F/s\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"/nope\"}}"
            + " => "
            + memory
            + "file: Failed to load guest memory: No such file or directory (os error 2)",
        "PUT /snapshot/load {\"snapshot_path\":\"$F/s\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"$F/short\"}}"
            + " => "
            + memory
            + "file: Failed to restore guest memory: Total sum of memory regions exceeds largest"
            + " possible file offset",
        "PUT /snapshot/load {"
            + good
            + ",\"network_overrides\":[{\"iface_id\":\"nope\",\"host_dev_name\":\"tap0\"}]} => "
            + got
            + "Unknown Network Device.");
    await().untilAsserted(() -> assertThat(ends).hasSize(6).containsOnly(1));
  }

  @Test
  void aSnapshotIsLoadedStandingStillUnlessItIsToRun() throws IOException {
    save();
    restart();
    replay(
        "PUT /snapshot/load {\"snapshot_path\":\"$F/s\",\"mem_backend\":{\"backend_type\":\"File\",\"backend_path\":\"$F/m\"},\"resume_vm\":false,\"network_overrides\":[{\"iface_id\":\"eth0\",\"host_dev_name\":\"tap9\",\"extra\":1}]}"
            + " =>");
    assertThat(raw("GET / HTTP/1.1\r\n\r\n")).contains("\"state\":\"Paused\"");
    assertThat(raw("GET /vm/config HTTP/1.1\r\n\r\n"))
        .contains("\"host_dev_name\":\"tap9\"")
        .contains("\"mem_size_mib\":2");
    replay("PATCH /vm {\"state\":\"Resumed\"} =>");
    assertThat(raw("GET / HTTP/1.1\r\n\r\n")).contains("\"state\":\"Running\"");
    assertThat(ends).isEmpty();
  }

  @Test
  void aDiffHoldsResidentPagesAndAFullMakesAllOfThemResident() throws IOException {
    boot();
    replay(
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PUT /snapshot/create {\"snapshot_type\":\"Diff\",\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/diff\"} =>",
        "PUT /snapshot/create {\"snapshot_type\":\"Full\",\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/full\"} =>",
        "PUT /snapshot/create {\"snapshot_type\":\"Diff\",\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/later\"} =>");

    Path full = folder.resolve("full");
    assertThat(Files.mismatch(folder.resolve("diff"), full)).isEqualTo(-1);
    assertThat(DataExtents.allocatedBytes(folder.resolve("diff"))).isEqualTo((2 << 20) * 3 / 4);
    assertThat(DataExtents.allocatedBytes(folder.resolve("later"))).isEqualTo(2 << 20);
  }

  @Test
  void beforeItKnewResidentPagesADiffNeededALogOfWrites() throws IOException {
    close();
    start(Settings.observed().withVersion("1.12.1"));
    boot();
    replay(
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PUT /snapshot/create {\"snapshot_type\":\"Diff\",\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/m\"}"
            + " => The requested operation is not supported: Diff snapshots are not allowed on"
            + " uVMs with dirty page tracking disabled.");
    assertThat(folder.resolve("m")).doesNotExist();
  }

  @Test
  void metricsAreALineForTheStartAndForEachTimeThatTheyAreAskedFor() throws IOException {
    replay("PUT /metrics {\"metrics_path\":\"$F/metrics\"} =>");
    boot();
    replay(
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PUT /snapshot/create {\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/m\"} =>",
        "PUT /actions {\"action_type\":\"FlushMetrics\"} =>");

    List<String> lines = Files.readAllLines(folder.resolve("metrics"));
    assertThat(lines).hasSize(2);
    assertThat(lines.getFirst()).contains("\"full_create_snapshot\":0,");
    assertThat(lines.getLast())
        .matches(".*\"full_create_snapshot\":[1-9].*")
        .contains("\"diff_create_snapshot\":0,");
  }

  private void boot() throws IOException {
    replay(
        "PUT /machine-config {\"vcpu_count\":1,\"mem_size_mib\":2} =>",
        "PUT /boot-source {\"kernel_image_path\":\"$F/kernel\"} =>",
        "PUT /network-interfaces/eth0 {\"iface_id\":\"eth0\",\"host_dev_name\":\"tap0\"} =>",
        "PUT /actions {\"action_type\":\"InstanceStart\"} =>");
  }

  private void save() throws IOException {
    boot();
    replay(
        "PATCH /vm {\"state\":\"Paused\"} =>",
        "PUT /snapshot/create {\"snapshot_path\":\"$F/s\",\"mem_file_path\":\"$F/m\"} =>");
    assertThat(folder.resolve("m")).hasSize(2 << 20);
  }

  private void restart() throws IOException {
    server.close();
    start();
  }

  /** Each: method, path, body, and after the arrow what is refused; nothing means 204. */
  private void replay(String... lines) throws IOException {
    for (String line : lines) {
      int arrow = line.lastIndexOf(" =>");
      String fault = line.substring(arrow + 3).strip();
      String answer = answer(line.substring(0, arrow));
      if (fault.isEmpty()) {
        assertThat(answer).as(line).startsWith("HTTP/1.1 204 \r\n");
      } else {
        assertThat(answer)
            .as(line)
            .startsWith("HTTP/1.1 400 \r\n")
            .endsWith("\r\n\r\n{\"fault_message\":" + Json.text(fault) + "}");
      }
    }
  }

  private String answer(String request) throws IOException {
    String[] words = request.replace("$F", folder.toString()).split(" ", 3);
    return ask(words[0], words[1], words.length > 2 ? words[2] : "");
  }

  private String put(String path, String body) throws IOException {
    return ask("PUT", path, body);
  }

  private String ask(String method, String path, String body) throws IOException {
    String length = body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n";
    return raw(method + " " + path + " HTTP/1.1\r\n" + length + "\r\n" + body);
  }

  private String raw(String request) throws IOException {
    try (var client = connect()) {
      return ask(client, request);
    }
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("api")));
  }

  private static String ask(SocketChannel client, String request) throws IOException {
    send(client, request);
    return receive(client);
  }

  private static void send(SocketChannel client, String text) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    while (bytes.hasRemaining()) {
      client.write(bytes);
    }
  }

  /** One reply: each is written at once. */
  private static String receive(SocketChannel client) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    client.read(bytes);
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
  }
}
