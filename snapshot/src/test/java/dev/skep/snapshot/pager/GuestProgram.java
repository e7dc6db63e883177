package dev.skep.snapshot.pager;

import dev.skep.linux.Descriptor;
import dev.skep.linux.EventFd;
import dev.skep.linux.LazyMemory;
import dev.skep.linux.UnixConnection;
import dev.skep.linux.Unread;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * A process that does what a VMM with its guest does, one command per line of standard input, each
 * answered by a line. It can be several guests, of which {@code use} picks one.
 */
public final class GuestProgram {
  private static final int PAGE = 4096;
  private static final int HUGE_PAGE = 2 << 20;

  private final Map<String, Vm> guests = new HashMap<>();
  private Vm vm = new Vm();

  private static final class Vm {
    final List<LazyMemory> regions = new ArrayList<>();
    int pageBytes = PAGE;
    UnixConnection connection;

    String json() {
      long offset = 0;
      var parts = new ArrayList<String>();
      for (LazyMemory region : regions) {
        parts.add(
            "{\"base_host_virt_addr\":%d,\"size\":%d,\"offset\":%d,\"page_size\":%d,\"page_size_kib\":%d,\"new\":{}}"
                .formatted(region.address(), region.bytes(), offset, pageBytes, pageBytes));
        offset += region.bytes();
      }
      return "[" + String.join(",", parts) + "]";
    }

    byte[] read(long offset, int length) {
      long start = 0;
      for (LazyMemory region : regions) {
        if (offset < start + region.bytes()) {
          return region.read(offset - start, length);
        }
        start += region.bytes();
      }
      throw new IllegalArgumentException("offset " + offset);
    }

    long checksum(long from) {
      var checksum = new CRC32();
      long bytes = regions.stream().mapToLong(LazyMemory::bytes).sum();
      for (long at = from; at < bytes; at += PAGE) {
        checksum.update(read(at, PAGE));
      }
      return checksum.getValue();
    }
  }

  public static void main(String[] args) throws Exception {
    var program = new GuestProgram();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(program.run(line.split(" ", 3)));
    }
    Runtime.getRuntime().halt(0); // threads that wait for a page that never comes
  }

  private String run(String[] words) throws Exception {
    switch (words[0]) {
      case "use" -> vm = guests.computeIfAbsent(words[1], name -> new Vm());
      case "map" -> map(Long.parseLong(words[1]));
      case "use-huge-pages" -> vm.pageBytes = HUGE_PAGE;
      case "connect" -> vm.connection = UnixConnection.connect(Path.of(words[1]));
      case "send" -> vm.connection.send(bytes(vm.json()), faults());
      case "send-half" -> vm.connection.send(bytes(vm.json().substring(0, 20)), faults());
      case "send-rest" -> vm.connection.send(bytes(vm.json().substring(20)));
      case "send-two" ->
          vm.connection.send(bytes(vm.json()), faults(), EventFd.open().descriptor());
      case "send-wrong" -> vm.connection.send(bytes(vm.json()), EventFd.open().descriptor());
      case "send-text" -> sendAlone(bytes(words[1]));
      case "send-text-with" -> vm.connection.send(bytes(words[1]), faults());
      case "hang-up" -> vm.connection.close();
      case "touch" -> {
        for (String page : words[1].split(",")) {
          vm.read(Long.parseLong(page) * PAGE, 1);
        }
      }
      case "read" -> {
        var checksum = new CRC32();
        checksum.update(vm.read(Long.parseLong(words[1]), Integer.parseInt(words[2])));
        return Long.toString(checksum.getValue());
      }
      case "release" ->
          vm.regions.getFirst().release(Long.parseLong(words[1]), Long.parseLong(words[2]));
      case "send-and-checksum" -> {
        vm.connection.send(bytes(vm.json()), faults());
        return Long.toString(vm.checksum(0));
      }
      case "wait-and-send" -> waitAndSend(Long.parseLong(words[1]) * PAGE);
      case "churn" -> {
        return churn(Long.parseLong(words[1]));
      }
      case "checksum" -> {
        return Long.toString(vm.checksum(0));
      }
      case "checksums" -> {
        return checksums(Integer.parseInt(words[1]));
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
    return "ok";
  }

  private void map(long bytes) {
    vm.regions.add(
        vm.regions.isEmpty()
            ? LazyMemory.map(bytes, vm.pageBytes)
            : vm.regions.getFirst().another(bytes, vm.pageBytes));
  }

  private Descriptor faults() {
    return vm.regions.getFirst().faults();
  }

  /** Returns when it has been read: else what is sent next could become one message with it. */
  private void sendAlone(byte[] text) throws Exception {
    vm.connection.send(text);
    while (Unread.by(vm.connection)) {
      Thread.sleep(1);
    }
  }

  /** Hands over while a thread waits for a page already. */
  private void waitAndSend(long offset) throws Exception {
    Thread waiting = Thread.ofPlatform().start(() -> vm.read(offset, PAGE));
    Thread.sleep(50); // until it does: it cannot say so
    vm.connection.send(bytes(vm.json()), faults());
    waiting.join();
  }

  /** Releases the first bytes, and touches them, again and again while the others are read once. */
  private String churn(long bytes) throws InterruptedException {
    var reading = new AtomicBoolean(true);
    Thread releasing =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (reading.get()) {
                    vm.regions.getFirst().release(0, bytes);
                    vm.read(0, PAGE);
                  }
                });
    long sum = vm.checksum(bytes);
    reading.set(false);
    releasing.join();
    return Long.toString(sum);
  }

  /** Of guests 0 to before {@code count}, all read at the same time. */
  private String checksums(int count) throws InterruptedException {
    var sums = new long[count];
    List<Thread> threads =
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    Thread.ofPlatform()
                        .start(() -> sums[i] = guests.get(Integer.toString(i)).checksum(0)))
            .toList();
    for (Thread thread : threads) {
      thread.join();
    }
    return IntStream.range(0, count)
        .mapToObj(i -> Long.toString(sums[i]))
        .collect(Collectors.joining(","));
  }

  private static byte[] bytes(String text) throws IOException {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
