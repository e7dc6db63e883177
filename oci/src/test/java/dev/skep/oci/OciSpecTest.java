package dev.skep.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.image.ImageConfig;
import dev.skep.image.ImageSettings;
import dev.skep.image.Images;
import dev.skep.image.LocalImages;
import dev.skep.image.RootFiles;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of a container, of an image as Skep writes it. */
class OciSpecTest {
  @TempDir static Path folder;
  private static RootFiles image;

  @BeforeAll
  static void makeAnImage() throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    for (String name : List.of("etc", "bin", "tmp")) {
      Files.createDirectories(root.resolve(name));
    }
    Files.setPosixFilePermissions(
        root.resolve("tmp"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(
        root.resolve("etc/passwd"), "root:x:0:0::/root:/x\napp:x:1000:1001::/home/app:/x\n");
    Files.writeString(
        root.resolve("etc/group"), "wheel:x:10:root,app\nown:x:1001:app\nextra:x:2000:app\n");
    Files.writeString(root.resolve("etc/machine-id"), "");
    Files.writeString(root.resolve("bin/app"), "#!/bin/x");
    Files.setPosixFilePermissions(
        root.resolve("bin/app"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(root.resolve("bin/plain"), "text");
    Path tar = folder.resolve("root.tar");
    var packing = new ProcessBuilder("tar", "-cf", tar.toString(), "-C", root.toString(), ".");
    assertThat(packing.inheritIO().start().waitFor()).isZero();
    var config =
        new ImageConfig(List.of("/x"), List.of(), Map.of(), "", "", Optional.empty(), "amd64");
    try (LocalImages images =
        LocalImages.open(folder.resolve("images"), ImageSettings.defaults(), Clock.systemUTC())) {
      image =
          RootFiles.open(
              images.importRootfs(tar, "dev.local/x", config, Images.Progress.NONE).erofs());
    }
  }

  @AfterAll
  static void close() {
    image.close();
  }

  private static SandboxSpec spec(String user, String... argv) {
    return new SandboxSpec(
        "0123456789",
        "fn-1",
        Map.of(),
        Path.of("image"),
        "sha256:0",
        new ProcessSpec(List.of(argv), Map.of("A", "b"), user, "/"),
        new Resources(0.5, 64L << 20),
        8080,
        Probe.onPort(),
        Duration.ofSeconds(5),
        NetworkPolicy.DEFAULT,
        Path.of("log"));
  }

  private static OciSpec of(SandboxSpec spec) throws IOException {
    var place =
        new OciSpec.Place(
            Files.createTempDirectory(folder, "sandbox"),
            Path.of("/rootfs"),
            Path.of("/run/netns/x"),
            "10.0.0.2",
            List.of("10.0.0.1"),
            Optional.of("/skep/0123456789"));
    return OciSpec.of(spec, image, place);
  }

  @Test
  void usersAreLookedUpInTheImage() throws IOException {
    assertThat(of(spec("app", "app")).process().user())
        .isEqualTo(new OciSpec.User(1000, 1001, List.of(10, 2000)));
    assertThat(of(spec("app:extra", "app")).process().user())
        .isEqualTo(new OciSpec.User(1000, 2000, List.of()));
    assertThat(of(spec("4711", "app")).process().user())
        .isEqualTo(new OciSpec.User(4711, 0, List.of()));
    assertThat(of(spec("", "app")).process().user().uid()).isZero();
    assertThatThrownBy(() -> of(spec("ghost", "app"))).hasMessageContaining("user 'ghost'");
    assertThatThrownBy(() -> of(spec("app:ghost", "app"))).hasMessageContaining("group 'ghost'");
  }

  @Test
  void environmentIsCompletedAndCapabilitiesAreRootsOnly() throws IOException {
    OciSpec.ContainerProcess user = of(spec("app", "app")).process();
    assertThat(user.env()).contains("A=b", "HOME=/home/app", "HOSTNAME=fn-1");
    assertThat(user.capabilities().effective()).isEmpty();
    assertThat(user.capabilities().bounding()).contains("CAP_CHOWN");
    assertThat(of(spec("", "app")).process().capabilities().effective()).contains("CAP_CHOWN");
  }

  @Test
  void limitsAndNamespaceReachTheDocument() throws IOException {
    String json = new String(of(spec("", "app")).toJson(), StandardCharsets.UTF_8);
    assertThat(json)
        .contains("\"memory\":{\"limit\":67108864}")
        .contains("\"quota\":50000")
        .contains("{\"type\":\"network\",\"path\":\"/run/netns/x\"}")
        .contains("\"cgroupsPath\":\"/skep/0123456789\"")
        .contains("{\"type\":\"pid\"}");
  }

  @Test
  void aContainerMayMakeTheCallsThatAreNamedAndNoOthers() throws IOException {
    OciSpec plain = of(spec("", "app"));
    assertThat(new String(plain.toJson(), StandardCharsets.UTF_8)).doesNotContain("seccomp");

    String json =
        new String(plain.withSeccomp(Seccomp.ofContainers()).toJson(), StandardCharsets.UTF_8);

    assertThat(json)
        .contains("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,")
        .contains(
            "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}")
        .contains(
            "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"args\":[]}");
    assertThat(SeccompCalls.ALLOWED)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("[a-z0-9_]+"))
        .contains("openat2", "ptrace")
        .doesNotContain("mount", "unshare", "setns", "keyctl", "bpf", "reboot", "kexec_load");
  }

  @Test
  void filesOfEtcAreMountedAndTmpIsMadeFit() throws IOException {
    OciSpec spec = of(spec("", "app"));
    assertThat(spec.mounts().stream().map(OciSpec.Mount::destination))
        .contains("/tmp", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/machine-id");
    OciSpec.Mount resolv =
        spec.mounts().stream()
            .filter(mount -> mount.destination().equals("/etc/resolv.conf"))
            .findFirst()
            .orElseThrow();
    assertThat(Path.of(resolv.source())).content().isEqualTo("nameserver 10.0.0.1\n");
    assertThat(resolv.options()).contains("ro");
  }

  @Test
  void mountsAreBoundOrMadeAndFilesBelongToTheUser() throws IOException {
    SandboxSpec spec =
        spec("", "app")
            .withMounts(
                List.of(
                    new Mount.Scratch("/tmp/deep", OptionalLong.of(4096)),
                    new Mount.Scratch("/tmp", OptionalLong.empty()),
                    new Mount.Folder("/data", Path.of("/srv/data"), false),
                    new Mount.Files("/etc/app", Map.of("a/b.txt", "x".getBytes(UTF_8)), 0440),
                    new Mount.Files("/etc/one", Map.of("", "y".getBytes(UTF_8)), 0640)));

    List<OciSpec.Mount> all = of(spec).mounts();
    List<OciSpec.Mount> mounts = all.subList(all.size() - 5, all.size());

    assertThat(mounts.stream().map(OciSpec.Mount::destination))
        .containsExactly("/data", "/etc/app", "/etc/one", "/tmp", "/tmp/deep");
    assertThat(all.stream().filter(mount -> mount.destination().equals("/tmp"))).hasSize(1);
    assertThat(mounts.get(0).options()).contains("bind", "rw").doesNotContain("ro");
    assertThat(mounts.get(0).source()).isEqualTo("/srv/data");
    assertThat(mounts.get(1).options()).contains("bind", "ro", "nosuid", "nodev");
    Path file = Path.of(mounts.get(1).source(), "a/b.txt");
    assertThat(file).content().isEqualTo("x");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("r--r-----"));
    assertThat(Path.of(mounts.get(2).source())).content().isEqualTo("y");
    assertThat(mounts.get(3).options()).contains("size=" + (64 << 20));
    assertThat(mounts.get(4).options()).contains("size=4096", "uid=0");
  }

  @Test
  void aMountedProgramIsTried() {
    SandboxSpec spec =
        spec("", "/scripts/run")
            .withMounts(List.of(new Mount.Files("/scripts", Map.of("run", new byte[0]), 0755)));
    assertThat(Programs.problem(image, spec)).isEmpty();
  }

  @Test
  void mountReplacesTheOneAtItsPlace() throws IOException {
    var mine = new OciSpec.Mount("/dev/shm", "tmpfs", "x", List.of());
    assertThat(
            of(spec("", "app")).withMount(mine).mounts().stream()
                .filter(mount -> mount.destination().equals("/dev/shm")))
        .containsExactly(mine);
  }

  @Test
  void programsAreLookedForBeforeAnythingIsMade() {
    assertThat(Programs.problem(image, spec("", "app"))).isEmpty();
    assertThat(Programs.problem(image, spec("", "/bin/app"))).isEmpty();
    assertThat(Programs.problem(image, spec("", "/no/such")))
        .get()
        .matches(failure -> failure.reason() == Reason.COMMAND_NOT_FOUND)
        .matches(failure -> failure.message().contains("/no/such: not found in the image"));
    assertThat(Programs.problem(image, spec("", "/bin/plain")).orElseThrow().message())
        .contains("mode 0644, not executable");
    assertThat(Programs.problem(image, spec("", "/bin")).orElseThrow().message())
        .contains("a folder");
    assertThat(Programs.problem(image, spec("ghost", "app")).orElseThrow().reason())
        .isEqualTo(Reason.CONFIGURATION);
  }
}
