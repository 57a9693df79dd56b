package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"google.golang.org/protobuf/encoding/protodelim"
)

func readText(args []string, body []byte) ([]byte, error) {
	scheme := model.LegacyValidation
	if len(args) > 0 && args[0] == "utf8" {
		scheme = model.UTF8Validation
	}
	parser := expfmt.NewTextParser(scheme)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return dumpFamilies(sortedByName(families)), nil
}

func readProtobuf(_ []string, body []byte) ([]byte, error) {
	families, err := decodeDelimited(body)
	if err != nil {
		return nil, err
	}
	return dumpFamilies(families), nil
}

// decodeDelimited reads as the pushgateway does, without checking names. A length beyond the body is
// refused before Go allocates for it (that is what kills the real one).
func decodeDelimited(body []byte) ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	reader := bytes.NewReader(body)
	for {
		rest := body[len(body)-reader.Len():]
		if length, n := binary.Uvarint(rest); n > 0 && length > uint64(len(rest)-n) {
			return nil, fmt.Errorf("message of %d bytes in a rest of %d", length, len(rest)-n)
		}
		family := &dto.MetricFamily{}
		err := protodelim.UnmarshalOptions{MaxSize: -1}.UnmarshalFrom(reader, family)
		if errors.Is(err, io.EOF) {
			return families, nil
		}
		if err != nil {
			return nil, err
		}
		families = append(families, family)
	}
}

func readOpenMetrics(_ []string, body []byte) ([]byte, error) {
	return dumpEntries(textparse.NewOpenMetricsParser(body, labels.NewSymbolTable()))
}

func readPromText(_ []string, body []byte) ([]byte, error) {
	return dumpEntries(textparse.NewPromParser(body, labels.NewSymbolTable(), false))
}

func dumpEntries(parser textparse.Parser) ([]byte, error) {
	var out []byte
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch entry {
		case textparse.EntryType:
			name, kind := parser.Type()
			out = fmt.Appendf(out, "type %s %s\n", quote(string(name)), kind)
		case textparse.EntryHelp:
			name, help := parser.Help()
			out = fmt.Appendf(out, "help %s %s\n", quote(string(name)), quote(string(help)))
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			out = fmt.Appendf(out, "unit %s %s\n", quote(string(name)), quote(string(unit)))
		case textparse.EntrySeries:
			out = dumpSeries(out, parser)
		}
	}
}

func dumpSeries(out []byte, parser textparse.Parser) []byte {
	_, timestamp, value := parser.Series()
	var series labels.Labels
	parser.Labels(&series)
	out = append(append(out, "sample"...), dumpLabels(series)...)
	out = fmt.Appendf(out, " %s", float(value))
	if timestamp != nil {
		out = fmt.Appendf(out, " @%d", *timestamp)
	}
	var e exemplar.Exemplar
	if parser.Exemplar(&e) {
		out = fmt.Appendf(out, " exemplar%s %s", dumpLabels(e.Labels), float(e.Value))
		if e.HasTs {
			out = fmt.Appendf(out, " @%d", e.Ts)
		}
	}
	return append(out, '\n')
}

// dumpLabels prints labels sorted by name; le and quantile by value, however they were spelled.
func dumpLabels(series labels.Labels) string {
	out := ""
	series.Range(func(label labels.Label) {
		value := quote(label.Value)
		if label.Name == "le" || label.Name == "quantile" {
			if f, err := strconv.ParseFloat(label.Value, 64); err == nil {
				value = float(f)
			}
		}
		out += " " + quote(label.Name) + "=" + value
	})
	return out
}
