package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelModulesTest {
  @TempDir Path folder;

  @BeforeEach
  void makeModules() throws IOException {
    Files.writeString(folder.resolve("modules.builtin"), "kernel/crypto/crc32c_generic.ko\n");
    module("virtio-ring", "");
    module("virtio", "virtio_ring");
    module("virtio_net", "virtio,net-failover,virtio_ring");
    module("net_failover", "crc32c_generic");
    module("broken", "absent");
  }

  @Test
  void modulesComeAfterWhatTheyNeedAndBuiltInOnesNotAtAll() throws IOException {
    assertThat(names(modules().loadOrder(List.of("virtio_net"), List.of())))
        .containsExactly("virtio-ring.ko", "virtio.ko", "net_failover.ko", "virtio_net.ko");
  }

  @Test
  void modulesThatAreLoadedAlreadyAreLeftOut() throws IOException {
    List<Path> first = modules().loadOrder(List.of("virtio"), List.of());

    assertThat(names(modules().loadOrder(List.of("virtio_net"), first)))
        .containsExactly("net_failover.ko", "virtio_net.ko");
  }

  @Test
  void moduleThatIsNowhereIsNamedWithWhoNeedsIt() {
    assertThatThrownBy(() -> modules().loadOrder(List.of("broken"), List.of()))
        .hasMessageContaining("absent")
        .hasMessageContaining("needed by broken");
  }

  private KernelModules modules() throws IOException {
    return KernelModules.in(folder);
  }

  private static List<String> names(List<Path> files) {
    return files.stream().map(path -> path.getFileName().toString()).toList();
  }

  private void module(String name, String depends) throws IOException {
    String text = "\177ELF\1\2license=GPL\0depends=" + depends + "\0retpoline=Y\0";
    Files.write(folder.resolve(name + ".ko"), text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
