package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.HostNetwork;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether KVM runs guests here, found by running one: {@code /dev/kvm} may open and yet be of no
 * use. The verdict is on one VMM; it holds until the host boots again or that VMM changes, and is
 * cached for that long.
 */
final class KvmProbe {
  /** A VMM that could run guests under KVM. */
  interface Candidate {
    /** In one word. */
    String name();

    String version();

    ProbeBoot probeBoot(Path kernel, Path initrd);
  }

  /**
   * How it boots a guest whose console is its output.
   *
   * @param input for it to read; empty for none
   */
  record ProbeBoot(List<String> line, String input) {
    ProbeBoot {
      line = List.copyOf(line);
    }
  }

  /**
   * @param found what happened, for people
   */
  record Verdict(String key, boolean usable, String found) {}

  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final String MARKER = "Run /init";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path cache;
  private final Candidate vmm;

  KvmProbe(Path cache, Candidate vmm) {
    this.cache = cache.resolve("kvm-verdict-" + vmm.name().toLowerCase(Locale.ROOT) + ".json");
    this.vmm = vmm;
  }

  Verdict verdict(Path kernel, Path initrd) {
    String key =
        HostNetwork.read(Path.of("/proc/sys/kernel/random/boot_id")).strip() + " " + vmm.version();
    try {
      Verdict cached = JSON.readValue(Files.readAllBytes(cache), Verdict.class);
      if (cached.key().equals(key)) {
        return cached;
      }
    } catch (IOException | JacksonException e) {
      // none yet, or none that can be read: ask again
    }
    Verdict fresh = probe(key, kernel, initrd);
    store(fresh);
    return fresh;
  }

  private Verdict probe(String key, Path kernel, Path initrd) {
    if (!Files.isWritable(Path.of("/dev/kvm"))) {
      return new Verdict(key, false, "no /dev/kvm that can be opened");
    }
    try {
      ProbeBoot boot = vmm.probeBoot(kernel, initrd);
      Process process = new ProcessBuilder(boot.line()).redirectErrorStream(true).start();
      try {
        tell(process, boot.input());
        return listen(key, process);
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return new Verdict(key, false, vmm.name() + " cannot be run: " + e.getMessage());
    }
  }

  private static void tell(Process process, String input) throws IOException {
    if (!input.isEmpty()) {
      try (var to = process.outputWriter(StandardCharsets.UTF_8)) {
        to.write(input);
      }
    }
  }

  private static Verdict listen(String key, Process process) {
    var heard = new CompletableFuture<Verdict>();
    // not a virtual one: its carrier would be held for as long as the guest says nothing
    Thread.ofPlatform().name("kvm-probe").daemon().start(() -> read(key, process, heard));
    try {
      return heard.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return new Verdict(
          key, false, "a guest did not boot within " + LIMIT.toSeconds() + " s under KVM");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while probing KVM", e);
    }
  }

  private static void read(String key, Process process, CompletableFuture<Verdict> heard) {
    String last = "nothing was said";
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains(MARKER)) {
          heard.complete(new Verdict(key, true, "a guest booted under KVM"));
          return;
        }
        last = line;
      }
      heard.complete(new Verdict(key, false, "a guest ended at once under KVM: " + last));
    } catch (IOException e) {
      heard.complete(new Verdict(key, false, "the guest's console broke: " + e.getMessage()));
    }
  }

  private void store(Verdict verdict) {
    try {
      Files.createDirectories(cache.getParent());
      Path temporary = Files.createTempFile(cache.getParent(), "kvm", "");
      Files.write(temporary, JSON.writeValueAsBytes(verdict));
      Files.move(temporary, cache, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, cache + ": cannot be written: " + e, e);
    }
  }
}
