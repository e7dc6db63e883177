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

  /** Descriptors of one machine. */
  record Descriptors(int tap, int kernel, int initrd, int drive) {}

  List<String> of(VmConfig config, Descriptors files) {
    var line = new ArrayList<String>();
    line.add(program);
    line.addAll(machine(config));
    line.addAll(
        List.of(
            "-kernel",
            "/proc/self/fd/" + files.kernel(),
            "-initrd",
            "/proc/self/fd/" + files.initrd(),
            "-append",
            String.join(" ", kernelArguments(config))));
    line.addAll(devices(config, files));
    return line;
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
        // shared, so that a snapshot can leave the memory where it is
        "-object",
        "memory-backend-memfd,id=mem,share=on,size=" + (config.memoryBytes() >> 20) + "M",
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-display",
        "none");
  }

  private static List<String> devices(VmConfig config, Descriptors files) {
    return List.of(
        "-add-fd",
        "fd=" + files.drive() + ",set=1",
        "-drive",
        "id=image,if=none,format=raw,readonly=on,cache=writeback,file=/dev/fdset/1",
        "-device",
        "virtio-blk-device,drive=image",
        "-netdev",
        "tap,id=net,fd=" + files.tap(),
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

  private List<String> kernelArguments(VmConfig config) {
    var arguments = new ArrayList<>(config.kernelArguments());
    arguments.addAll(List.of("console=ttyS0", "reboot=t"));
    if (accelerator == Accelerator.TCG) {
      arguments.addAll(HostClock.kernelArguments());
    }
    return arguments;
  }
}
