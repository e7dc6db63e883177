package dev.skep.testkit.firecracker;

import static dev.skep.testkit.firecracker.Kind.ANY;
import static dev.skep.testkit.firecracker.Kind.FLAG;
import static dev.skep.testkit.firecracker.Kind.LEVEL;
import static dev.skep.testkit.firecracker.Kind.MAC;
import static dev.skep.testkit.firecracker.Kind.NUMBER;
import static dev.skep.testkit.firecracker.Kind.TEXT;
import static dev.skep.testkit.firecracker.Kind.choice;
import static dev.skep.testkit.firecracker.Kind.listOf;

/** The bodies of Firecracker 1.17's requests, as far as this fake knows requests. */
final class Bodies {
  static final Shape MACHINE =
      Shape.of(
          "vcpu_count*", NUMBER,
          "mem_size_mib*", NUMBER,
          "smt", FLAG,
          "cpu_template", choice("C3", "T2", "T2S", "T2CL", "T2A", "V1N1", "None"),
          "track_dirty_pages", FLAG,
          "huge_pages", choice("None", "Transparent", "2M"));

  static final Shape BOOT_SOURCE =
      Shape.of("kernel_image_path*", TEXT, "initrd_path", TEXT, "boot_args", TEXT);

  private static final Shape BUCKET =
      Shape.of("size*", NUMBER, "one_time_burst", NUMBER, "refill_time*", NUMBER);

  private static final Shape LIMITER = Shape.of("bandwidth", BUCKET, "ops", BUCKET);

  static final Shape DRIVE =
      Shape.of(
          "drive_id*", TEXT,
          "partuuid", TEXT,
          "is_root_device*", FLAG,
          "cache_type", choice("Unsafe", "Writeback"),
          "is_read_only", FLAG,
          "path_on_host", TEXT,
          "rate_limiter", LIMITER,
          "io_engine", choice("Sync", "Async"),
          "socket", TEXT);

  static final Shape NETWORK =
      Shape.of(
          "iface_id*", TEXT,
          "host_dev_name*", TEXT,
          "guest_mac", MAC,
          "mtu", NUMBER,
          "rx_rate_limiter", LIMITER,
          "tx_rate_limiter", LIMITER);

  static final Shape DRIVE_PATCH =
      Shape.of("drive_id*", TEXT, "path_on_host", TEXT, "rate_limiter", LIMITER);

  static final Shape NETWORK_PATCH =
      Shape.of("iface_id*", TEXT, "rx_rate_limiter", LIMITER, "tx_rate_limiter", LIMITER);

  static final Shape ACTION =
      Shape.of("action_type*", choice("FlushMetrics", "InstanceStart", "SendCtrlAltDel"));

  static final Shape VM = Shape.of("state*", choice("Paused", "Resumed"));

  static final Shape CREATE =
      Shape.of(
          "snapshot_type", choice("Diff", "Full"), "snapshot_path*", TEXT, "mem_file_path*", TEXT);

  static final Shape LOAD =
      Shape.of(
          "snapshot_path*", TEXT,
          "mem_file_path", TEXT,
          "mem_backend", Shape.of("backend_type*", choice("File", "Uffd"), "backend_path*", TEXT),
          "enable_diff_snapshots", FLAG,
          "track_dirty_pages", FLAG,
          "resume_vm", FLAG,
          "network_overrides",
              listOf(Shape.of("iface_id*", TEXT, "host_dev_name*", TEXT).letUnknownPass()),
          "vsock_override", Shape.of("uds_path*", TEXT).letUnknownPass(),
          "clock_realtime", FLAG,
          "huge_pages", choice("Snapshot", "None", "Transparent", "2M"));

  static final Shape LOAD_BEFORE_1_12 =
      Shape.of(
          "snapshot_path*", TEXT,
          "mem_file_path", TEXT,
          "mem_backend", Shape.of("backend_type*", choice("File", "Uffd"), "backend_path*", TEXT),
          "enable_diff_snapshots", FLAG,
          "resume_vm", FLAG);

  static final Shape LOGGER =
      Shape.of(
          "log_path", TEXT,
          "level", LEVEL,
          "show_level", FLAG,
          "show_log_origin", FLAG,
          "module", TEXT);

  static final Shape METRICS = Shape.of("metrics_path*", TEXT, "emit_id", FLAG, "properties", ANY);

  private Bodies() {}
}
