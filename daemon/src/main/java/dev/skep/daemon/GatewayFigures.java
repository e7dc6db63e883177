package dev.skep.daemon;

import dev.skep.gateway.GatewayMetrics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;

/** The gateway's counters as Prometheus wants them, read when somebody asks. */
record GatewayFigures(GatewayMetrics metrics) implements MultiCollector {
  private static final List<String> CLASSES = List.of("none", "1xx", "2xx", "3xx", "4xx", "5xx");

  @Override
  public MetricSnapshots collect() {
    GatewayMetrics.Snapshot now = metrics.snapshot();
    return MetricSnapshots.of(
        requests(now.responses()),
        gauge(
            "skep_gateway_requests_in_progress",
            "Requests that have not ended, waiting ones included",
            (double) now.inProgress()),
        gauge(
            "skep_gateway_requests_waiting",
            "Requests that wait for an instance",
            (double) now.parked()),
        counter(
            "skep_gateway_requests_waited",
            "Requests that had to wait for an instance",
            (double) now.parkedTotal()),
        counter(
            "skep_gateway_request_bytes", "Bytes of request bodies", (double) now.requestBytes()),
        counter(
            "skep_gateway_response_bytes",
            "Bytes of response bodies",
            (double) now.responseBytes()),
        latency(now));
  }

  private static CounterSnapshot requests(List<Long> byClass) {
    var requests =
        CounterSnapshot.builder()
            .name("skep_gateway_requests")
            .help("Requests by class of their response; none: the client left first");
    for (int i = 0; i < byClass.size(); i++) {
      requests.dataPoint(
          CounterSnapshot.CounterDataPointSnapshot.builder()
              .labels(Labels.of("class", CLASSES.get(i)))
              .value(byClass.get(i))
              .build());
    }
    return requests.build();
  }

  private static CounterSnapshot counter(String name, String help, double value) {
    return CounterSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder().value(value).build())
        .build();
  }

  private static GaugeSnapshot gauge(String name, String help, double value) {
    return GaugeSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder().value(value).build())
        .build();
  }

  private static HistogramSnapshot latency(GatewayMetrics.Snapshot now) {
    var bounds = new ArrayList<>(GatewayMetrics.LATENCY_BOUNDS);
    bounds.add(Double.POSITIVE_INFINITY);
    return HistogramSnapshot.builder()
        .name("skep_gateway_request_seconds")
        .help("From a request's arrival to its last byte")
        .dataPoint(
            HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, now.latencyBuckets()))
                .sum(now.latencySeconds())
                .build())
        .build();
  }
}
