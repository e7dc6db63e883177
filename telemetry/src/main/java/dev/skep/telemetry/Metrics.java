package dev.skep.telemetry;

import dev.skep.sandbox.Phase;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** The figures of this daemon, as Prometheus reads them. */
public final class Metrics {
  /** The media type of {@link #write}. */
  public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  /** 0.1 ms to 60 s: from a fake sandbox to a large image under emulation. */
  private static final double[] SECONDS = {
    .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60
  };

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer =
      PrometheusTextFormatWriter.builder().setIncludeCreatedTimestamps(false).build();
  private final AtomicBoolean jvmRegistered = new AtomicBoolean();
  private final Counter starts;
  private final Histogram phases;
  private final Histogram ready;
  private final Histogram answered;
  private final Counter scaleDecisions;

  /** Registers nothing that costs time: JVM figures join with the first {@link #write}. */
  public Metrics(String version) {
    Info.builder()
        .name("skep_build")
        .help("The version of this daemon")
        .labelNames("version", "java")
        .register(registry)
        .setLabelValues(version, Runtime.version().toString());
    starts =
        Counter.builder()
            .name("skep_starts_total")
            .help("Instance starts that ended, by outcome (ready, failed) and reason of failure")
            .labelNames("outcome", "reason")
            .register(registry);
    phases =
        Histogram.builder()
            .name("skep_start_phase_seconds")
            .help("Time that starts spent in each phase")
            .labelNames("phase")
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .register(registry);
    ready =
        Histogram.builder()
            .name("skep_start_seconds")
            .help("From the order to start, or the arrival of the waiting request, to ready")
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .register(registry);
    answered =
        Histogram.builder()
            .name("skep_cold_request_seconds")
            .help("From the arrival of a request that waited for a start to its last byte")
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .register(registry);
    scaleDecisions =
        Counter.builder()
            .name("skep_scale_decisions_total")
            .help("Changes of the number of instances, by direction and the policy's reason")
            .labelNames("direction", "reason")
            .register(registry);
  }

  /** Where other modules register their own figures. */
  public PrometheusRegistry registry() {
    return registry;
  }

  /** A figure that is read when somebody asks. */
  public void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  /** As {@link #gauge}, with one value per label value. */
  public void gauge(String name, String help, String label, Supplier<Map<String, Integer>> values) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames(label)
        .callback(callback -> values.get().forEach((key, count) -> callback.call(count, key)))
        .register(registry);
  }

  /** The policy changed a number of instances. */
  public void scaled(String direction, String reason) {
    scaleDecisions.labelValues(direction, reason).inc();
  }

  void started(ColdStart start) {
    String reason = start.failure().map(failure -> failure.reason().name()).orElse("");
    starts.labelValues(start.failure().isPresent() ? "failed" : "ready", reason).inc();
    if (start.failure().isEmpty()) {
      start.times().forEach(this::observe);
      ready.observe(seconds(start.total()));
    }
  }

  /** The phases up to ready were counted when the start ended. */
  void served(ColdStart start) {
    start
        .times()
        .forEach(
            (phase, nanos) -> {
              if (phase == Phase.EXEC || phase == Phase.RESPONSE_WRITE) {
                observe(phase, nanos);
              }
            });
    answered.observe(seconds(start.total()));
  }

  private void observe(Phase phase, long nanos) {
    phases.labelValues(phase.label()).observe(nanos / 1e9);
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  /** All figures in Prometheus' text format. */
  public void write(OutputStream out) throws IOException {
    if (jvmRegistered.compareAndSet(false, true)) {
      JvmMetrics.builder().register(registry);
    }
    writer.write(out, registry.scrape());
  }
}
