package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitrdTest {
  @TempDir Path folder;

  @Test
  void holdsAgentAndModulesInTheOrderOfLoading() throws Exception {
    byte[] initrd = Initrd.build("agent".getBytes(StandardCharsets.UTF_8), kernel());

    assertThat(names(initrd))
        .containsExactly(
            "dev",
            "dev/console",
            "modules",
            "init",
            "modules/order",
            "modules/00-virtio.ko",
            "modules/00-erofs.ko",
            "TRAILER!!!");
    assertThat(new String(initrd, StandardCharsets.ISO_8859_1))
        .contains("00-virtio.ko\n--\n00-erofs.ko\n");
  }

  @Test
  void sameContentGivesTheSameFile() throws Exception {
    assertThat(Initrd.build(new byte[5], kernel())).isEqualTo(Initrd.build(new byte[5], kernel()));
    assertThat(Initrd.ensure(folder.resolve("cache"), kernel()))
        .isEqualTo(Initrd.ensure(folder.resolve("cache"), kernel()));
  }

  private GuestKernel kernel() throws Exception {
    return new GuestKernel(
        "1",
        folder.resolve("vmlinux"),
        List.of(Files.write(folder.resolve("00-virtio.ko"), new byte[3])),
        List.of(Files.write(folder.resolve("00-erofs.ko"), new byte[7])));
  }

  /** Names of a newc archive, by its own rules. */
  private static List<String> names(byte[] archive) {
    var names = new ArrayList<String>();
    String text = new String(archive, StandardCharsets.ISO_8859_1);
    for (int at = 0; at < text.length(); ) {
      assertThat(text.substring(at, at + 6)).isEqualTo("070701");
      int size = Integer.parseInt(text.substring(at + 54, at + 62), 16);
      int nameSize = Integer.parseInt(text.substring(at + 94, at + 102), 16);
      names.add(text.substring(at + 110, at + 110 + nameSize - 1));
      at = (at + 110 + nameSize + 3) / 4 * 4;
      at = (at + size + 3) / 4 * 4;
    }
    return names;
  }
}
