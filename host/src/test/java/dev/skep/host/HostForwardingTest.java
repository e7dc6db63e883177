package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostForwardingTest {
  @TempDir Path folder;
  private final Set<String> on = new HashSet<>();
  private final Set<String> gone = new HashSet<>();

  private HostForwarding daemon(String tag) {
    var switches =
        new HostForwarding.Switches() {
          @Override
          public boolean exist(String link) {
            return !gone.contains(link);
          }

          @Override
          public boolean on(String link) {
            return on.contains(link);
          }

          @Override
          public void set(String link, boolean wanted) {
            if (gone.contains(link)) {
              throw new IllegalStateException(link + " is gone");
            }
            if (wanted) {
              on.add(link);
            } else {
              on.remove(link);
            }
          }
        };
    return new HostForwarding(folder, switches, tag);
  }

  @Test
  void switchesOnWhatWasOffAndOffAgain() {
    daemon("aaaa").need(List.of("eth0"));
    assertThat(on).containsExactly("eth0");

    daemon("aaaa").release();
    assertThat(on).isEmpty();
  }

  @Test
  void leavesAloneWhatTheHostForwardedAlready() {
    on.add("eth0");

    daemon("aaaa").need(List.of("eth0"));
    daemon("aaaa").release();

    assertThat(on).containsExactly("eth0");
  }

  @Test
  void theLastOfSeveralDaemonsSwitchesOff() {
    daemon("aaaa").need(List.of("eth0"));
    daemon("bbbb").need(List.of("eth0"));

    daemon("aaaa").release();
    assertThat(on).containsExactly("eth0");

    daemon("bbbb").release();
    assertThat(on).isEmpty();
  }

  @Test
  void linkThatIsGoneHindersNoOther() {
    daemon("aaaa").need(List.of("eth0", "eth1"));
    gone.add("eth0");

    daemon("aaaa").release();

    assertThat(on).doesNotContain("eth1");
    assertThat(folder).isDirectoryNotContaining(entry -> Files.isDirectory(entry));
  }

  @Test
  void aDaemonThatNeededNothingSwitchesNothingOff() {
    daemon("aaaa").need(List.of("eth0"));

    daemon("bbbb").release();

    assertThat(on).containsExactly("eth0");
  }

  @Test
  void needsTwiceCountOnce() {
    daemon("aaaa").need(List.of("eth0"));
    daemon("aaaa").need(List.of("eth0", "eth1"));

    daemon("aaaa").release();

    assertThat(on).isEmpty();
  }

  @Test
  void staysOnWhereTheWholeHostForwardsByNow() {
    daemon("aaaa").need(List.of("eth0"));
    on.add("all");

    daemon("aaaa").release();

    assertThat(on).containsExactlyInAnyOrder("eth0", "all");
  }
}
