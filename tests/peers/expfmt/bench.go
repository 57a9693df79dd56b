package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// bench prints "NAME MB_PER_SECOND" for each of Go's text parsers, the best of several passes.
func bench(path string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	table := symbols()
	for _, row := range []struct {
		name string
		pass func() error
	}{
		{"expfmt.TextParser", func() error {
			parser := expfmt.NewTextParser(model.UTF8Validation)
			_, err := parser.TextToMetricFamilies(bytes.NewReader(body))
			return err
		}},
		{"textparse.PromParser", func() error { return drain(textparse.NewPromParser(body, table, false)) }},
		{"textparse.OpenMetricsParser", func() error {
			return drain(textparse.NewOpenMetricsParser(append(body[:len(body):len(body)], "# EOF\n"...), table))
		}},
	} {
		best := time.Duration(1 << 62)
		for started := time.Now(); time.Since(started) < 2*time.Second; {
			pass := time.Now()
			if err := row.pass(); err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			best = min(best, time.Since(pass))
		}
		fmt.Printf("%s %.1f\n", row.name, float64(len(body))/1e6/best.Seconds())
	}
	return nil
}

func symbols() *labels.SymbolTable { return labels.NewSymbolTable() }

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
