package dev.skep.microvm;

import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of one QEMU. Files come as descriptors that the launcher opened, so that QEMU runs
 * as a user that can open none of them; paths of its own are relative to its working folder.
 */
record QemuCommandLine(String program, Accelerator accelerator) {
  static final String MONITOR = "qmp.sock";

  /** Megabytes of translated code that TCG keeps: its default, 1 GiB, is for one big machine. */
  private static final int TRANSLATIONS_MIB = 128;

  /** Descriptors of a machine to boot. */
  record Descriptors(int tap, int drive, int kernel, int initrd) {}

  List<String> of(VmConfig config, Descriptors files) {
    var line = new ArrayList<String>();
    line.add(program);
    line.addAll(machine(config));
    // shared, so that a snapshot finds the memory in a file
    line.addAll(memory("memory-backend-memfd,share=on", config));
    line.addAll(
        List.of(
            "-kernel",
            "/proc/self/fd/" + files.kernel(),
            "-initrd",
            "/proc/self/fd/" + files.initrd(),
            "-append",
            String.join(" ", kernelArguments(config))));
    line.addAll(devices(config, files.tap(), files.drive()));
    return line;
  }

  /** Of a machine that waits for its state; what its memory is, is decided in memory.c. */
  List<String> ofIncoming(VmConfig config, int tap, int drive) {
    var line = new ArrayList<String>();
    line.add(program);
    line.addAll(machine(config));
    line.addAll(memory("memory-backend-ram", config));
    line.addAll(devices(config, tap, drive));
    line.addAll(List.of("-incoming", "defer"));
    return line;
  }

  private static List<String> memory(String backend, VmConfig config) {
    return List.of("-object", backend + ",id=mem,size=" + (config.memoryBytes() >> 20) + "M");
  }

  /** Firmware tables, clock and memory: measured recipe, see the module's README. */
  private List<String> machine(VmConfig config) {
    return List.of(
        "-name",
        VmConfig.processName(config.id()),
        "-M",
        "microvm,x-option-roms=off,rtc=on,memory-backend=mem",
        "-accel",
        accelerator == Accelerator.KVM ? "kvm" : "tcg,tb-size=" + TRANSLATIONS_MIB,
        "-cpu",
        accelerator == Accelerator.KVM ? "host" : "max",
        "-smp",
        Integer.toString(config.vcpus()),
        "-m",
        (config.memoryBytes() >> 20) + "M",
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-display",
        "none");
  }

  private static List<String> devices(VmConfig config, int tap, int drive) {
    return List.of(
        "-add-fd",
        "fd=" + drive + ",set=1",
        "-drive",
        "id=image,if=none,format=raw,readonly=on,cache=writeback,file=/dev/fdset/1"
            + throttling("bps", config.limits().diskBandwidth())
            + throttling("iops", config.limits().diskOperations()),
        "-device",
        "virtio-blk-device,drive=image",
        "-netdev",
        "tap,id=net,fd=" + tap,
        "-device",
        "virtio-net-device,netdev=net,mac=" + config.network().mac(),
        "-chardev",
        "file,id=console,append=on,path=" + VmConfig.CONSOLE,
        "-serial",
        "chardev:console",
        "-qmp",
        "unix:" + MONITOR + ",server=on,wait=off",
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  }

  private static String throttling(String what, long limit) {
    return limit == 0 ? "" : ",throttling." + what + "-total=" + limit;
  }

  private List<String> kernelArguments(VmConfig config) {
    var arguments = new ArrayList<>(config.kernelArguments());
    arguments.addAll(List.of("console=ttyS0", "reboot=t"));
    if (accelerator == Accelerator.TCG) {
      arguments.addAll(HostClock.kernelArguments());
    }
    return arguments;
  }
}
