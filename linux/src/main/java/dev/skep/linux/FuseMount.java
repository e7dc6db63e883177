package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of read-only files whose content this process gives out, to every user of the host
 * (Linux, {@code include/uapi/linux/fuse.h}, protocol 7.31). Spoken to the device itself: it takes
 * a dozen kinds of request for files that are only read, and spares the host a library.
 *
 * <p>When the process ends, so do the mount's files: reads fail, they never hang.
 */
public final class FuseMount implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);

  private static final int LOOKUP = 1;
  private static final int FORGET = 2;
  private static final int GETATTR = 3;
  private static final int OPEN = 14;
  private static final int READ = 15;
  private static final int STATFS = 17;
  private static final int RELEASE = 18;
  private static final int INIT = 26;
  private static final int INTERRUPT = 36;
  private static final int DESTROY = 38;
  private static final int BATCH_FORGET = 42;

  private static final int IN_HEADER_BYTES = 40;
  private static final int REQUEST_BYTES = 136 << 10;
  private static final int MAJOR = 7;
  private static final int MINOR = 31;
  private static final int ASYNC_READ = 1;
  private static final int PARALLEL_DIROPS = 1 << 18;
  private static final int MAX_PAGES = 1 << 22;
  private static final int OPEN_DIRECT = 1;
  private static final int OPEN_KEEP_CACHE = 2;

  /** So that closing a file does not fail when this process is gone. */
  private static final int OPEN_NO_FLUSH = 1 << 5;

  private static final int PAGE_BYTES = 4096;
  private static final int ATTRIBUTE_BYTES = 88;
  private static final long ROOT = 1;
  private static final long FOREVER_SECONDS = 1 << 30;

  private final Path folder;
  private final FuseFiles files;
  private final Descriptor device;

  // guarded by this
  private final Map<Long, Known> known = new HashMap<>();
  private final IdentityHashMap<FuseNode, Long> ids = new IdentityHashMap<>();
  private long lastId = ROOT;

  private static final class Known {
    final FuseNode node;
    long lookups;

    Known(FuseNode node) {
      this.node = node;
    }
  }

  private FuseMount(Path folder, FuseFiles files, Descriptor device) {
    this.folder = folder;
    this.files = files;
    this.device = device;
  }

  /** Mounts the files over a folder; nobody is answered before {@link #serve}. */
  public static FuseMount over(Path folder, FuseFiles files) {
    var device = new Descriptor(Errno.orThrow("open /dev/fuse", FuseCalls.openDevice()));
    int mounted = FuseCalls.mount(device.number(), folder.toString());
    if (mounted < 0) {
      device.close();
    }
    Errno.orThrow("mount of FUSE over " + folder, mounted);
    return new FuseMount(folder, files, device);
  }

  /** Takes away what is mounted over the folder, whoever did it; whether anything was. */
  public static boolean detach(Path folder) {
    return FuseCalls.detach(folder.toString()) == 0;
  }

  /** Answers on so many threads until nothing is mounted any more. */
  public void serve(int threads) throws InterruptedException {
    var all = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      all[i] = Thread.ofPlatform().name("fuse-" + i).daemon().start(this::answerAll);
    }
    for (Thread thread : all) {
      thread.join();
    }
  }

  /** Takes the mount out of the tree; files that are open are served on. */
  @Override
  public void close() {
    detach(folder);
  }

  private void answerAll() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(REQUEST_BYTES, PAGE_BYTES);
      while (true) {
        long read = SystemCalls.read(device.number(), request, REQUEST_BYTES);
        if (read == -FuseCalls.ENODEV) {
          return;
        }
        if (read == -Libc.EINTR || read == -SystemCalls.EAGAIN || read == -SystemCalls.ENOENT) {
          continue; // ENOENT: who asked has gone before it was read
        }
        answer(request.asSlice(0, Errno.orThrow("read of /dev/fuse", read)));
      }
    }
  }

  private void answer(MemorySegment request) {
    var reply = new FuseAnswer(device, request.get(JAVA_LONG, 8));
    try {
      answer(
          request.get(JAVA_INT, 4),
          request.get(JAVA_LONG, 16),
          request.asSlice(IN_HEADER_BYTES),
          reply);
    } catch (RuntimeException e) {
      LOG.error("request {} of the kernel", request.get(JAVA_INT, 4), e);
      reply.failed();
    }
  }

  private void answer(int opcode, long id, MemorySegment body, FuseAnswer reply) {
    switch (opcode) {
      case INIT -> init(body, reply);
      case LOOKUP -> lookup(id, body, reply);
      case GETATTR -> getAttributes(id, reply);
      case OPEN -> open(id, reply);
      case READ -> read(id, body, reply);
      case STATFS -> statistics(reply);
      case RELEASE, DESTROY -> reply.send(0);
      case FORGET -> forget(id, body.get(JAVA_LONG, 0));
      case BATCH_FORGET -> {
        int count = body.get(JAVA_INT, 0);
        for (int i = 0; i < count; i++) {
          forget(body.get(JAVA_LONG, 8 + 16L * i), body.get(JAVA_LONG, 16 + 16L * i));
        }
      }
      case INTERRUPT -> {
        // no answer to this one; the read goes on, for others will want the same
      }
      default -> reply.error(FuseCalls.ENOSYS);
    }
  }

  private static void init(MemorySegment body, FuseAnswer reply) {
    int offered = body.get(JAVA_INT, 12);
    MemorySegment out = FuseAnswer.body(64);
    out.set(JAVA_INT, 0, MAJOR);
    out.set(JAVA_INT, 4, MINOR);
    out.set(JAVA_INT, 8, FuseAnswer.MAX_BYTES); // read-ahead; the kernel takes its own if smaller
    out.set(JAVA_INT, 12, offered & (ASYNC_READ | PARALLEL_DIROPS | MAX_PAGES));
    out.set(JAVA_SHORT, 16, (short) 64); // requests in the background
    out.set(JAVA_SHORT, 18, (short) 48); // and when to hold back
    out.set(JAVA_INT, 20, PAGE_BYTES); // of writes, which there are none
    out.set(JAVA_INT, 24, 1);
    out.set(JAVA_SHORT, 28, (short) (FuseAnswer.MAX_BYTES / PAGE_BYTES));
    reply.send(64);
  }

  private void lookup(long parent, MemorySegment body, FuseAnswer reply) {
    FuseNode node;
    long id;
    synchronized (this) { // else the node could be forgotten between the two
      node = parent == ROOT ? files.find(name(body)) : null;
      id = node == null ? 0 : know(node);
    }
    if (node == null) {
      reply.error(SystemCalls.ENOENT);
      return;
    }
    MemorySegment out = FuseAnswer.body(40 + ATTRIBUTE_BYTES);
    out.set(JAVA_LONG, 0, id);
    out.set(JAVA_LONG, 24, node.isKept() ? FOREVER_SECONDS : 0);
    attributes(out.asSlice(40), id, node);
    reply.send(40 + ATTRIBUTE_BYTES);
  }

  private static String name(MemorySegment body) {
    byte[] bytes = body.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private long know(FuseNode node) {
    long id = ids.computeIfAbsent(node, _ -> ++lastId);
    known.computeIfAbsent(id, _ -> new Known(node)).lookups++;
    return id;
  }

  private synchronized @Nullable FuseNode node(long id) {
    Known found = known.get(id);
    return found == null ? null : found.node;
  }

  private void forget(long id, long lookups) {
    synchronized (this) {
      Known found = known.get(id);
      if (found == null || (found.lookups -= lookups) > 0) {
        return;
      }
      known.remove(id);
      ids.remove(found.node);
      found.node.forgotten();
    }
  }

  private void getAttributes(long id, FuseAnswer reply) {
    FuseNode node = node(id);
    if (node == null && id != ROOT) {
      reply.error(SystemCalls.ENOENT);
      return;
    }
    MemorySegment out = FuseAnswer.body(16 + ATTRIBUTE_BYTES);
    out.set(JAVA_LONG, 0, node == null || node.isKept() ? FOREVER_SECONDS : 0);
    attributes(out.asSlice(16), id, node);
    reply.send(16 + ATTRIBUTE_BYTES);
  }

  /** Of a file, or of the root if there is none. */
  private static void attributes(MemorySegment out, long id, @Nullable FuseNode node) {
    long size = node == null ? 0 : node.size();
    out.set(JAVA_LONG_UNALIGNED, 0, id);
    out.set(JAVA_LONG_UNALIGNED, 8, size);
    out.set(JAVA_LONG_UNALIGNED, 16, (size + 511) / 512);
    out.set(JAVA_INT, 60, node == null ? 0040555 : 0100444);
    out.set(JAVA_INT, 64, 1); // names
    out.set(JAVA_INT, 80, PAGE_BYTES);
  }

  private void open(long id, FuseAnswer reply) {
    FuseNode node = node(id);
    if (node == null) {
      reply.error(SystemCalls.ENOENT);
      return;
    }
    MemorySegment out = FuseAnswer.body(16);
    out.set(JAVA_INT, 8, (node.isKept() ? OPEN_KEEP_CACHE : OPEN_DIRECT) | OPEN_NO_FLUSH);
    reply.send(16);
  }

  private void read(long id, MemorySegment body, FuseAnswer reply) {
    FuseNode node = node(id);
    if (node == null) {
      reply.error(SystemCalls.ENOENT);
      return;
    }
    long offset = body.get(JAVA_LONG, 8);
    long wanted = Integer.toUnsignedLong(body.get(JAVA_INT, 16));
    int bytes = (int) Math.clamp(node.size() - offset, 0, Math.min(wanted, FuseAnswer.MAX_BYTES));
    if (bytes == 0) {
      reply.send(0);
    } else {
      node.read(offset, bytes, reply);
    }
  }

  private static void statistics(FuseAnswer reply) {
    MemorySegment out = FuseAnswer.body(80);
    out.set(JAVA_INT, 40, PAGE_BYTES);
    out.set(JAVA_INT, 44, 255);
    out.set(JAVA_INT, 48, PAGE_BYTES);
    reply.send(80);
  }
}
