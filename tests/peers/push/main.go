// Pushes what the official Go client can hold, in both formats and by each method, to every gateway named.
//
// One registry serves them all, so that values, exemplars and created times are the same and the pages can be compared.
// PUSH_USER and PUSH_PASSWORD in the environment are sent as basic auth.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	"github.com/prometheus/common/expfmt"
)

// metrics is a registry with every kind, plain and with labels.
func metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "last_success_unixtime", Help: "When it last worked."})
	gauge.Set(1234.5)
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "records_total", Help: "Records.\n\"\\"}, []string{"kind"})
	counter.WithLabelValues("new\n\"é\"").Add(7)
	counter.WithLabelValues("").(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"trace": "x"})
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "sizes", Help: "Sizes.", Objectives: map[float64]float64{0.5: 0.05}})
	summary.Observe(3)
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "seconds", Help: "Seconds.", Buckets: []float64{1, 5}})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native", Help: "Native.", NativeHistogramBucketFactor: 1.1})
	for _, value := range []float64{0.5, 3, 100, 0, -2} {
		classic.Observe(value)
		native.Observe(value)
	}
	registry.MustRegister(gauge, counter, summary, classic, native)
	return registry
}

func run(url, name string, format expfmt.Format, registry *prometheus.Registry) error {
	pusher := func(job string) *push.Pusher {
		p := push.New(url, job).Format(format)
		if user := os.Getenv("PUSH_USER"); user != "" {
			p = p.BasicAuth(user, os.Getenv("PUSH_PASSWORD"))
		}
		return p
	}
	more := prometheus.NewGauge(prometheus.GaugeOpts{Name: "more", Help: "Added."})
	more.Set(1)
	paths := func(job string) *push.Pusher {
		return pusher(job).Grouping("path", "/var/tmp").Grouping("empty", "").Grouping("plain", "x y")
	}
	steps := []error{
		pusher(name).Gatherer(registry).Push(),
		pusher(name).Collector(more).Add(),
		paths(name + "/slash").Gatherer(registry).Push(),
		pusher("replaced").Gatherer(registry).Push(),
		pusher("replaced").Collector(more).Push(),
		paths("gone").Collector(more).Push(),
		paths("gone").Delete(),
	}
	for number, err := range steps {
		if err != nil {
			return fmt.Errorf("%s, step %d: %w", name, number+1, err)
		}
	}
	return nil
}

func main() {
	registry := metrics()
	formats := map[string]expfmt.Format{
		"text":     expfmt.NewFormat(expfmt.TypeTextPlain),
		"protobuf": expfmt.NewFormat(expfmt.TypeProtoDelim),
	}
	for _, url := range os.Args[1:] {
		for _, name := range []string{"text", "protobuf"} {
			if err := run(url, name, formats[name], registry); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
}
