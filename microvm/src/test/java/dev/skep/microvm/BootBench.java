package dev.skep.microvm;

import dev.skep.host.Folders;
import dev.skep.linux.Command;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cold boot to first answer: Skep against one QEMU command line with the same kernel, modules,
 * kernel arguments, image, memory and accelerator, in turns. The hand-made guest's process 1 does
 * the least that can be done ({@code bench/boot/hand.c}); both are asked with curl.
 */
final class BootBench {
  private static final double REACH = 1.10;

  private final Path folder;
  private final HostedRuntime<MicroVmRuntime> runtime;
  private final BootParts parts;
  private final Path handInitrd;

  private BootBench(
      Path folder, HostedRuntime<MicroVmRuntime> runtime, BootParts parts, Path handInitrd) {
    this.folder = folder;
    this.runtime = runtime;
    this.parts = parts;
    this.handInitrd = handInitrd;
  }

  /** Arguments: program of the hand-made guest, rounds. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("skep-boot");
    MicroVmConfig config = TestHost.config(folder);
    HostedRuntime<MicroVmRuntime> runtime = TestHost.open(config);
    try {
      runtime.adopt();
      BootParts parts = BootParts.prepare(config);
      byte[] hand = Files.readAllBytes(Path.of(args[0]));
      GuestKernel kernel = new KernelStore(config.cache()).ensure();
      Path initrd = Files.write(folder.resolve("hand.cpio"), Initrd.build(hand, kernel));
      new BootBench(folder, runtime, parts, initrd).run(Integer.parseInt(args[1]));
    } finally {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
      runtime.close();
      Folders.delete(folder);
    }
  }

  private void run(int rounds) throws Exception {
    print(parts.vmm().description());
    bySkep(0); // warms the JVM and the page cache; not counted
    var skep = new ArrayList<Long>();
    var hand = new ArrayList<Long>();
    for (int round = 1; round <= rounds; round++) {
      hand.add(byHand());
      skep.add(bySkep(round));
      print("round %d: by hand %d ms, Skep %d ms", round, hand.getLast(), skep.getLast());
    }
    long mine = median(skep);
    long reference = median(hand);
    double ratio = (double) mine / reference;
    print(
        "RESULT\tcold boot to first answer, hello\tone QEMU command line, polled with curl"
            + "\t%d ms\t%d ms\t%.2f\t<= %.2f\t%s",
        mine, reference, ratio, REACH, ratio <= REACH ? "ok" : "missed");
  }

  private long bySkep(int round) {
    var phases = new PhaseRecorder(System::nanoTime);
    long before = System.nanoTime();
    StartOutcome outcome =
        runtime.start(
            TestHost.spec(
                folder,
                "boot00000" + round % 10,
                List.of("/kit", "serve"),
                NetworkPolicy.DEFAULT,
                Duration.ofSeconds(60)),
            new StartPlan.Boot(),
            phases);
    phases.finish();
    if (!(outcome instanceof StartOutcome.Ok(Sandbox sandbox))) {
      throw new IllegalStateException(outcome.toString());
    }
    curl("http://" + sandbox.endpoint().getAddress().getHostAddress() + ":8080/");
    long took = (System.nanoTime() - before) / 1_000_000;
    phases
        .spans()
        .forEach(
            span -> print("  %-15s %7.1f ms", span.phase().label(), span.durationNanos() / 1e6));
    sandbox.stop(Duration.ZERO);
    return took;
  }

  private long byHand() throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    long before = System.nanoTime();
    Process qemu =
        new ProcessBuilder(handLine(port))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("hand.log").toFile())
            .start();
    try {
      curl("http://127.0.0.1:" + port + "/");
      return (System.nanoTime() - before) / 1_000_000;
    } finally {
      qemu.destroyForcibly();
    }
  }

  private List<String> handLine(int port) {
    boolean kvm = parts.vmm().description().contains("KVM");
    String memory = (MachinePlace.guestBytes(64L << 20) >> 20) + "M";
    String arguments =
        String.join(" ", MachinePlace.KERNEL_ARGUMENTS)
            + " console=ttyS0 reboot=t"
            + (kvm ? "" : " tsc_early_khz=2600000");
    var line =
        new ArrayList<>(
            Arrays.asList(
                "qemu-system-x86_64 -M microvm,x-option-roms=off,rtc=on -nodefaults -no-user-config -no-reboot -display none -smp 1 -serial stdio"
                    .split(" ", -1)));
    line.addAll(List.of("-accel", kvm ? "kvm" : "tcg", "-cpu", kvm ? "host" : "max", "-m", memory));
    line.addAll(List.of("-kernel", parts.kernel().toString(), "-initrd", handInitrd.toString()));
    line.addAll(List.of("-append", arguments));
    line.addAll(List.of("-drive", "id=d,if=none,format=raw,readonly=on,file=" + TestImage.erofs()));
    line.addAll(List.of("-device", "virtio-blk-device,drive=d"));
    line.addAll(List.of("-netdev", "user,id=n,hostfwd=tcp:127.0.0.1:" + port + "-10.0.2.15:8080"));
    line.addAll(List.of("-device", "virtio-net-device,netdev=n"));
    return line;
  }

  private static void curl(String url) {
    // short attempts: user networking repeats a lost SYN only after a second
    String loop =
        "until curl -sf --max-time 0.25 " + url + " | grep -q GREETING; do sleep 0.01; done";
    Command.of("sh", "-c", loop).within(Duration.ofSeconds(60)).run();
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static void print(String format, Object... arguments) {
    System.out.printf(format + "%n", arguments);
  }
}
