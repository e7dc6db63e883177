package dev.skep.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.skep.api.Resources;
import dev.skep.image.RootFiles;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * A container's {@code config.json}, as far as Skep uses it (OCI runtime specification 1.0). The
 * components are named as there.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OciSpec(
    String ociVersion,
    ContainerProcess process,
    Root root,
    String hostname,
    List<Mount> mounts,
    Linux linux,
    Map<String, String> annotations) {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int CPU_PERIOD_MICROS = 100_000;
  private static final int SHARES_PER_CPU = 1024;

  /**
   * Where a container is put on the host.
   *
   * @param folder for the files that are mounted into it
   * @param rootfs what its root is made of
   * @param address by which the host reaches it, for its hosts file
   * @param cgroupsPath for runtimes that join a cgroup themselves
   */
  public record Place(
      Path folder,
      Path rootfs,
      Path networkNamespace,
      String address,
      List<String> nameservers,
      Optional<String> cgroupsPath) {}

  /**
   * What runs, whoever it is: the container's first process, or one that joins it.
   *
   * @param oomScoreAdj how gladly the kernel kills it when the host runs out of memory
   */
  public record ContainerProcess(
      boolean terminal,
      User user,
      List<String> args,
      List<String> env,
      String cwd,
      Capabilities capabilities,
      List<Rlimit> rlimits,
      int oomScoreAdj,
      boolean noNewPrivileges) {
    /** The same with another command. */
    public ContainerProcess withArgs(List<String> argv) {
      return new ContainerProcess(
          terminal, user, argv, env, cwd, capabilities, rlimits, oomScoreAdj, noNewPrivileges);
    }

    /** The same at a terminal, of the kind that Kubernetes' runtimes claim to be. */
    public ContainerProcess atTerminal() {
      var all = new ArrayList<>(env);
      if (all.stream().noneMatch(each -> each.startsWith("TERM="))) {
        all.add("TERM=xterm");
      }
      return new ContainerProcess(
          true, user, args, all, cwd, capabilities, rlimits, oomScoreAdj, noNewPrivileges);
    }

    public byte[] toJson() {
      return JSON.writeValueAsBytes(this);
    }

    /** Reads what {@link #toJson} wrote. */
    public static ContainerProcess parse(byte[] json) {
      return JSON.readValue(json, ContainerProcess.class);
    }
  }

  /**
   * Numbers only: names are the image's matter. Empty lists are left out: gVisor saves them as
   * missing, and restores only what is the same.
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record User(int uid, int gid, List<Integer> additionalGids) {}

  /** As sets of {@code CAP_} names. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Capabilities(
      List<String> bounding, List<String> effective, List<String> permitted) {}

  /** One of {@code setrlimit}'s. */
  public record Rlimit(String type, long soft, long hard) {}

  /** The root file system. */
  public record Root(String path, boolean readonly) {}

  /** As {@code mount} takes it. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Mount(String destination, String type, String source, List<String> options) {}

  /** What is particular to Linux. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Linux(
      List<Namespace> namespaces,
      Limits resources,
      Optional<String> cgroupsPath,
      List<String> maskedPaths,
      List<String> readonlyPaths,
      Optional<Seccomp> seccomp) {
    private Linux with(Seccomp calls) {
      return new Linux(
          namespaces, resources, cgroupsPath, maskedPaths, readonlyPaths, Optional.of(calls));
    }
  }

  /** A new one, unless it has a path. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Namespace(String type, Optional<String> path) {}

  /** Of the container's cgroup. */
  public record Limits(Memory memory, Cpu cpu, List<DeviceRule> devices) {}

  /** Which device nodes may be used, beside those that every container has. */
  public record DeviceRule(boolean allow, String access) {
    /** Without it, whoever can make a node has the host's disks. */
    static final DeviceRule NONE = new DeviceRule(false, "rwm");
  }

  /** In bytes. */
  public record Memory(long limit) {}

  /** In microseconds, and in 1024ths of a CPU. */
  public record Cpu(long shares, long quota, long period) {}

  /**
   * What the runtime contract wants of a sandbox. Writes the files of {@code /etc} that tell it who
   * it is, and those that are mounted.
   *
   * @param image the content of {@code spec.rootImage()}
   * @throws dev.skep.api.SkepException INVALID if the image does not have the user
   */
  public static OciSpec of(SandboxSpec spec, RootFiles image, Place place) {
    Account account = Account.of(image, spec.process().user());
    var mounts = new ArrayList<>(ContainerDefaults.MOUNTS);
    if (image.find("/tmp").filter(tmp -> tmp.permissions() == 01777).isEmpty()) {
      mounts.add(ContainerDefaults.TMP);
    }
    EtcFiles.write(
            place.folder(),
            image,
            spec.hostname(),
            place.address(),
            place.nameservers(),
            spec.searchDomains())
        .forEach((path, file) -> mounts.add(bind(path, file)));
    var config =
        new OciSpec(
            "1.0.2",
            process(spec, account),
            new Root(place.rootfs().toString(), false),
            spec.hostname(),
            List.copyOf(mounts),
            linux(spec.resources(), place),
            Map.of());
    for (Mount mount : new OciMounts(spec, account, place.folder()).make()) {
      config = config.withMount(mount);
    }
    return config;
  }

  /** The same with this mount, in the place of one with its destination if there is one. */
  public OciSpec withMount(Mount mount) {
    Stream<Mount> others =
        mounts.stream().filter(each -> !each.destination().equals(mount.destination()));
    return with(Stream.concat(others, Stream.of(mount)).toList(), linux, annotations);
  }

  public OciSpec withAnnotations(Map<String, String> added) {
    var all = new TreeMap<>(annotations);
    all.putAll(added);
    return with(mounts, linux, Map.copyOf(all));
  }

  /** The same with a limit on its system calls. */
  public OciSpec withSeccomp(Seccomp calls) {
    return with(mounts, linux.with(calls), annotations);
  }

  private OciSpec with(List<Mount> newMounts, Linux newLinux, Map<String, String> newAnnotations) {
    return new OciSpec(ociVersion, process, root, hostname, newMounts, newLinux, newAnnotations);
  }

  /** As runtimes read it. */
  public byte[] toJson() {
    return JSON.writeValueAsBytes(this);
  }

  private static Mount bind(String path, Path file) {
    return new Mount(
        path, "bind", file.toString(), List.of("bind", "ro", "nosuid", "nodev", "noexec"));
  }

  private static ContainerProcess process(SandboxSpec spec, Account account) {
    ProcessSpec process = spec.process();
    List<String> all = ContainerDefaults.CAPABILITIES;
    // as execve does it: somebody else than root gets none, and root in a setuid program all
    List<String> own = account.uid() == 0 ? all : List.of();
    return new ContainerProcess(
        false,
        new User(account.uid(), account.gid(), account.groups()),
        process.argv(),
        environment(process, account.home(), spec.hostname()),
        process.workingDir(),
        new Capabilities(all, own, own),
        List.of(ContainerDefaults.openFiles()),
        ContainerDefaults.OOM_SCORE,
        false);
  }

  private static List<String> environment(ProcessSpec process, String home, String hostname) {
    var all = new TreeMap<String, String>();
    all.put("PATH", Programs.DEFAULT_PATH);
    all.put("HOME", home);
    all.put("HOSTNAME", hostname);
    all.putAll(process.env());
    return all.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }

  private static Linux linux(Resources resources, Place place) {
    var cpu =
        new Cpu(
            Math.max(2, Math.round(resources.cpuRequest() * SHARES_PER_CPU)),
            Math.round(resources.cpus() * CPU_PERIOD_MICROS),
            CPU_PERIOD_MICROS);
    var namespaces = new ArrayList<Namespace>();
    for (String type : List.of("pid", "ipc", "uts", "mount", "cgroup")) {
      namespaces.add(new Namespace(type, Optional.empty()));
    }
    namespaces.add(new Namespace("network", Optional.of(place.networkNamespace().toString())));
    return new Linux(
        namespaces,
        new Limits(new Memory(resources.memoryBytes()), cpu, List.of(DeviceRule.NONE)),
        place.cgroupsPath(),
        ContainerDefaults.MASKED,
        ContainerDefaults.READ_ONLY,
        Optional.empty());
  }
}
