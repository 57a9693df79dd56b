package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// bench prints "NAME<tab>MB" for Go's readers and writers over a text page: megabytes of the format
// at hand for a second of CPU.
func bench(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	families, err := parse(text)
	if err != nil {
		return err
	}
	list := sortedByName(families)
	openMetrics, err := encode(list, formats["openmetrics-1.0.0"])
	if err != nil {
		return err
	}
	protobuf, err := encode(list, formats["delimited"])
	if err != nil {
		return err
	}
	table := labels.NewSymbolTable()
	for _, row := range []struct {
		name string
		pass func() (int, error)
	}{
		{"read text lines", func() (int, error) { return len(text), drain(textparse.NewPromParser(text, table, false)) }},
		{"read text families", func() (int, error) { _, err := parse(text); return len(text), err }},
		{"read openmetrics lines", func() (int, error) {
			return len(openMetrics), drain(textparse.NewOpenMetricsParser(openMetrics, table))
		}},
		{"read protobuf", func() (int, error) { _, err := decodeDelimited(protobuf); return len(protobuf), err }},
		{"write text", func() (int, error) { return written(list, "text") }},
		{"write openmetrics", func() (int, error) { return written(list, "openmetrics-1.0.0") }},
		{"write protobuf", func() (int, error) { return written(list, "delimited") }},
	} {
		started, bytes := cpu(), 0
		for cpu()-started < eachRow {
			size, err := row.pass()
			if err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			bytes += size
		}
		fmt.Printf("%s\t%.1f\n", row.name, float64(bytes)/1e6/(cpu()-started).Seconds())
	}
	return nil
}

// eachRow is how much CPU a row is given.
const eachRow = 500 * time.Millisecond

// cpu is what this process has spent, the garbage collector's threads included.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func parse(text []byte) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(text))
}

func written(families []*dto.MetricFamily, format string) (int, error) {
	out, err := encode(families, formats[format])
	return len(out), err
}

// drain walks the entries and, as the server must, resolves the labels of each series.
func drain(parser textparse.Parser) error {
	var series labels.Labels
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry == textparse.EntrySeries {
			parser.Labels(&series)
		}
	}
}
