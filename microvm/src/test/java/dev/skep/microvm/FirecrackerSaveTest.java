package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.linux.Command;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.testkit.firecracker.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is left of a machine that was saved, and what becomes of it. */
@Tag("integration")
class FirecrackerSaveTest extends FirecrackerRig {
  @Test
  void aSavedMachineGoesOnAndLeavesTwoFilesWithHolesWherePagesAreZero() throws IOException {
    Vm vm = boot("one", "quiet");

    Duration pause = vm.save(snapshot);

    assertThat(pause).isPositive();
    assertThat(vm.paused()).isFalse();
    assertThat(names(snapshot)).containsExactlyInAnyOrder("memory", "state");
    assertThat(snapshot.resolve("memory")).hasSize(MEMORY);
    String blocks = Command.of("stat", "-c", "%b", snapshot.resolve("memory").toString()).run();
    assertThat(Long.parseLong(blocks.strip()) * 512).isLessThanOrEqualTo(MEMORY * 4 / 5);
    assertThat(names(folder.resolve("one"))).noneMatch(name -> name.startsWith("saved"));
    List<String> asked = requests("one");
    assertThat(asked)
        .containsSubsequence(
            "PATCH /vm {\"state\":\"Paused\"}",
            "PUT /snapshot/create"
                + " {\"snapshot_type\":\"Diff\",\"snapshot_path\":\"saved-state\",\"mem_file_path\":\"saved-memory\"}",
            "PATCH /vm {\"state\":\"Resumed\"}");
  }

  @Test
  void aDiffOfABootedGuestHoldsTheSameAsAFull() throws IOException {
    Vm vm = boot("one", "quiet");
    Path full = Files.createDirectory(folder.resolve("full"));

    vm.save(snapshot);
    save(vm, false).into(full);

    assertThat(kinds("one")).containsExactly("Diff", "Full");
    assertThat(Files.mismatch(file(SnapshotFiles.MEMORY), full.resolve("memory"))).isEqualTo(-1);
    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));
    clone.resume();
    awaitTouched("two");
  }

  @Test
  void whatIsSwappedOutMeanwhileIsNotLost() throws IOException {
    Vm vm = boot("one", "quiet");
    var answers = new ArrayDeque<>(List.of(true, false));

    new FirecrackerSave((FirecrackerVm) vm, folder.resolve("one"), answers::pop).into(snapshot);

    assertThat(kinds("one")).containsExactly("Diff", "Full");
    assertThat(Collections.frequency(requests("one"), "PATCH /vm {\"state\":\"Paused\"}")).isOne();
    assertThat(vm.paused()).isFalse();
    Vm clone = restore(settings(), "two", new VmSnapshot.Memory.Mapped(file(SnapshotFiles.MEMORY)));
    clone.resume();
    awaitTouched("two");
  }

  @Test
  void versionsThatCannotSaveResidentPagesSaveAll() throws IOException {
    home("one");
    Settings old = settings().withVersion("1.12.0");

    started(vmm(old, LOAD).boot(config("one", "quiet"))).save(snapshot);

    assertThat(kinds("one")).containsExactly("Full");
    assertThat(file(SnapshotFiles.MEMORY)).hasSize(MEMORY);
  }

  private FirecrackerSave save(Vm vm, boolean nothingSwapped) {
    return new FirecrackerSave((FirecrackerVm) vm, folder.resolve("one"), () -> nothingSwapped);
  }

  private List<String> kinds(String id) throws IOException {
    return requests(id).stream()
        .filter(request -> request.contains("snapshot_type"))
        .map(request -> request.replaceFirst(".*\"snapshot_type\":\"(\\w+)\".*", "$1"))
        .toList();
  }

  @Test
  void aMachineThatCannotBeSavedGoesOn() throws IOException {
    Vm vm = boot("one", "quiet");
    Files.createDirectory(folder.resolve("one").resolve("saved-memory"));
    Files.createFile(folder.resolve("one").resolve("saved-memory").resolve("in-the-way"));

    assertThatThrownBy(() -> vm.save(snapshot)).isInstanceOf(SkepException.class);

    assertThat(vm.paused()).isFalse();
  }

  @Test
  void whatAVmmPutsInThePlaceOfItsMemoryIsNotTakenForIt() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "root's");
    Path home = Files.createDirectory(folder.resolve("one"));
    Files.createSymbolicLink(home.resolve("saved-memory"), secret);
    Files.writeString(home.resolve("saved-state"), "state");
    var vm = new FirecrackerVm(ProcessHandle.current(), home, new CompletableFuture<>());

    assertThatThrownBy(() -> new FirecrackerSave(vm, home, () -> true).take(snapshot))
        .hasMessageContaining("not a file of the VMM's alone");
    assertThat(secret).hasContent("root's");
    assertThat(names(snapshot)).isEmpty();
  }
}
