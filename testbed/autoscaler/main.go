// Prints what Knative's own autoscaler decides for random revisions and loads, one trace a line, as JSON: settings go
// through its configuration and its resolution of annotations, loads through its collector, decisions come from its
// autoscaler. Usage: autoscaler SEED TRACES
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/serving/pkg/apis/autoscaling"
	"knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	"knative.dev/serving/pkg/autoscaler/config"
	"knative.dev/serving/pkg/autoscaler/metrics"
	"knative.dev/serving/pkg/autoscaler/scaling"
	kparesources "knative.dev/serving/pkg/reconciler/autoscaling/kpa/resources"
	"knative.dev/serving/pkg/reconciler/autoscaling/resources"
)

// A load that was reported, a moment (t, in ns after the start) of a decision, or both.
type step struct {
	T           int64   `json:"t"`
	Report      bool    `json:"report"`
	Concurrency float64 `json:"concurrency"`
	Requests    float64 `json:"requests"`
	Decide      bool    `json:"decide"`
	Ready       int     `json:"ready"`
	Reachable   bool    `json:"reachable"`
	Stable      float64 `json:"stable"`
	Panic       float64 `json:"panic"`
	Valid       bool    `json:"valid"`
	Desired     int32   `json:"desired"`
	ExcessBurst int32   `json:"excessBurst"`
}

type trace struct {
	Seed                 uint64              `json:"seed"`
	Config               map[string]string   `json:"config"`
	Annotations          map[string]string   `json:"annotations"`
	ContainerConcurrency int64               `json:"containerConcurrency"`
	StartNanos           int64               `json:"startNanos"`
	InitialReady         int                 `json:"initialReady"`
	Spec                 scaling.DeciderSpec `json:"spec"`
	PanicWindow          time.Duration       `json:"panicWindow"`
	Steps                []step              `json:"steps"`
}

type readyPods int

func (r *readyPods) ReadyCount() (int, error)    { return int(*r), nil }
func (r *readyPods) NotReadyCount() (int, error) { return 0, nil }

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: autoscaler SEED TRACES")
		os.Exit(2)
	}
	seed := must(strconv.ParseUint(os.Args[1], 10, 64))
	traces := must(strconv.Atoi(os.Args[2]))
	out := json.NewEncoder(os.Stdout)
	for i := range uint64(traces) {
		if err := out.Encode(run(seed + i)); err != nil {
			panic(err)
		}
	}
}

func run(seed uint64) trace {
	random := rand.New(rand.NewPCG(seed, 42))
	t := trace{
		Seed: seed, Config: randomConfig(random), Annotations: randomAnnotations(random),
		ContainerConcurrency: int64(pick(random, 0, 0, 1, 2, 10, 100)), InitialReady: pick(random, 0, 0, 1, 2, 5),
	}
	logger := zap.NewNop().Sugar()
	cfg := must(config.NewConfigFromMap(t.Config))
	pa := &v1alpha1.PodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "trace", Annotations: t.Annotations},
		Spec:       v1alpha1.PodAutoscalerSpec{ContainerConcurrency: t.ContainerConcurrency, Reachability: v1alpha1.ReachabilityReachable},
	}
	decider := kparesources.MakeDecider(pa, cfg)
	target := "service"
	if decider.Spec.TargetBurstCapacity == -1 {
		target = ""
	}
	metric := resources.MakeMetric(pa, target, cfg)
	t.Spec, t.PanicWindow = decider.Spec, metric.Spec.PanicWindow
	collector := metrics.NewMetricCollector(func(*v1alpha1.Metric, *zap.SugaredLogger) (metrics.StatsScraper, error) {
		return nil, nil
	}, logger)
	if err := collector.CreateOrUpdate(metric); err != nil {
		panic(err)
	}
	defer collector.Delete("default", "trace")
	ready := readyPods(t.InitialReady)
	start := time.Now() // the scaler takes the time of its own making as that of a first panic
	t.StartNanos = start.UnixNano()
	spec := decider.Spec
	scaler := scaling.New(attribute.NewSet(), noop.NewMeterProvider(), "default", "trace", collector, &ready, &spec)
	t.Steps = play(random, scaler, collector, &spec, &ready, start, logger)
	return t
}

func play(random *rand.Rand, scaler scaling.UniScaler, collector *metrics.MetricCollector, spec *scaling.DeciderSpec,
	ready *readyPods, start time.Time, logger *zap.SugaredLogger,
) []step {
	key := types.NamespacedName{Namespace: "default", Name: "trace"}
	var steps []step
	now := start
	load, desired := 0.0, int32(*ready)
	for range pick(random, 50, 150, 400) {
		now = now.Add(pause(random))
		load = nextLoad(random, load)
		s := step{T: int64(now.Sub(start)), Reachable: spec.Reachable}
		if random.IntN(12) > 0 {
			s.Report, s.Concurrency = true, load*random.Float64()
			s.Requests = math.Floor(load * 3 * random.Float64())
			collector.Record(key, now, metrics.Stat{
				PodName: "activator", AverageConcurrentRequests: s.Concurrency, RequestCount: s.Requests,
			})
		}
		if random.IntN(2) == 0 {
			s.Decide = true
			if random.IntN(60) == 0 {
				changed := *spec
				changed.Reachable = !changed.Reachable
				*spec = changed
				scaler.Update(spec)
			}
			if random.IntN(3) > 0 { // pods follow, not all at once
				*ready += readyPods(math.Round(float64(int(desired)-int(*ready)) * random.Float64()))
			}
			s.Ready, s.Reachable = int(*ready), spec.Reachable
			s.Stable, s.Panic = averages(collector, spec, key, now)
			result := scaler.Scale(logger, now)
			s.Valid, s.Desired, s.ExcessBurst = result.ScaleValid, result.DesiredPodCount, result.ExcessBurstCapacity
			if s.Valid {
				desired = min(result.DesiredPodCount, 500)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func averages(collector *metrics.MetricCollector, spec *scaling.DeciderSpec, key types.NamespacedName, now time.Time) (float64, float64) {
	read := collector.StableAndPanicConcurrency
	if spec.ScalingMetric == autoscaling.RPS {
		read = collector.StableAndPanicRPS
	}
	stable, panic, err := read(key, now)
	if err != nil {
		return 0, 0
	}
	return stable, panic
}

// Mostly a second, sometimes uneven, seldom a gap.
func pause(random *rand.Rand) time.Duration {
	switch random.IntN(40) {
	case 0:
		return time.Duration(random.IntN(100)) * time.Second
	case 1, 2, 3, 4:
		return time.Duration(random.IntN(3000)) * time.Millisecond
	default:
		return time.Second
	}
}

// Quiet, steady, growing, a burst.
func nextLoad(random *rand.Rand, load float64) float64 {
	switch random.IntN(25) {
	case 0:
		return 0
	case 1:
		return math.Exp(random.Float64() * 6)
	case 2:
		return min(2000, load*(1+4*random.Float64()))
	case 3:
		return load * random.Float64()
	default:
		return load
	}
}

func randomConfig(random *rand.Rand) map[string]string {
	c := map[string]string{"allow-zero-initial-scale": "true"}
	maybe(random, c, "max-scale-up-rate", "1.1", "2", "10")
	maybe(random, c, "max-scale-down-rate", "1.5", "2", "4", "10")
	maybe(random, c, "container-concurrency-target-percentage", "50", "70", "100", "0.8")
	maybe(random, c, "container-concurrency-target-default", "1", "10", "100")
	maybe(random, c, "requests-per-second-target-default", "5", "50", "200.5")
	maybe(random, c, "target-burst-capacity", "0", "-1", "10", "211.5")
	maybe(random, c, "panic-window-percentage", "1", "15", "50", "100")
	maybe(random, c, "panic-threshold-percentage", "110", "150", "1000")
	maybe(random, c, "stable-window", "6s", "30s", "2m")
	maybe(random, c, "scale-down-delay", "3s", "15s")
	maybe(random, c, "initial-scale", "0", "3")
	return c
}

func randomAnnotations(random *rand.Rand) map[string]string {
	a := map[string]string{}
	name := func(key string) string { return autoscaling.GroupName + "/" + key }
	maybe(random, a, name("metric"), "concurrency", "rps", "rps")
	maybe(random, a, name("target"), "0.01", "0.7", "5", "70", "150")
	maybe(random, a, name("target-utilization-percentage"), "1", "33.3", "80", "100")
	maybe(random, a, name("target-burst-capacity"), "-1", "0", "7", "200")
	maybe(random, a, name("activation-scale"), "2", "5")
	maybe(random, a, name("scale-down-delay"), "1s", "10s", "60s")
	maybe(random, a, name("window"), "6s", "17s", "60s", "5m")
	maybe(random, a, name("panic-window-percentage"), "1", "10", "33.3", "100")
	maybe(random, a, name("panic-threshold-percentage"), "110", "200", "300")
	maybe(random, a, name("metric-aggregation-algorithm"), "linear", "weighted-exponential")
	maybe(random, a, name("initial-scale"), "0", "1", "4")
	return a
}

func maybe(random *rand.Rand, into map[string]string, key string, values ...string) {
	if random.IntN(3) == 0 {
		into[key] = values[random.IntN(len(values))]
	}
}

func pick(random *rand.Rand, values ...int) int {
	return values[random.IntN(len(values))]
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
