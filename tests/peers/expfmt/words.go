package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Answers about numbers, names and headers: many small questions in one body, an answer a line.

func formatFloats(_ []string, body []byte) ([]byte, error) {
	var out []byte
	for line := range strings.Lines(string(body)) {
		bits, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return nil, err
		}
		out = strconv.AppendFloat(out, math.Float64frombits(bits), 'g', -1, 64)
		out = fmt.Appendf(out, " %v\n", math.Float64frombits(bits))
	}
	return out, nil
}

// parseFloats reads as expfmt and textparse both do: ParseFloat, but neither hex nor underscores.
func parseFloats(_ []string, body []byte) ([]byte, error) {
	return each(body, func(text string) string {
		if strings.ContainsAny(text, "pP_") {
			return "refused"
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "refused"
		}
		return float(value)
	})
}

func escapeNames(args []string, body []byte) ([]byte, error) {
	scheme, err := model.ToEscapingScheme(args[0])
	if err != nil {
		return nil, err
	}
	return each(body, func(name string) string { return quote(model.EscapeName(name, scheme)) })
}

func unescapeNames(args []string, body []byte) ([]byte, error) {
	scheme, err := model.ToEscapingScheme(args[0])
	if err != nil {
		return nil, err
	}
	return each(body, func(name string) string { return quote(model.UnescapeName(name, scheme)) })
}

func validNames(_ []string, body []byte) ([]byte, error) {
	legacy, utf8 := model.LegacyValidation, model.UTF8Validation
	return each(body, func(name string) string {
		return fmt.Sprint(legacy.IsValidMetricName(name), legacy.IsValidLabelName(name), utf8.IsValidMetricName(name), utf8.IsValidLabelName(name))
	})
}

func negotiate(_ []string, body []byte) ([]byte, error) {
	return eachHeader(body, "Accept", expfmt.Negotiate)
}

func negotiateWithOM(_ []string, body []byte) ([]byte, error) {
	return eachHeader(body, "Accept", expfmt.NegotiateIncludingOpenMetrics)
}

func fromContentTypes(_ []string, body []byte) ([]byte, error) {
	return eachHeader(body, "Content-Type", func(header http.Header) expfmt.Format {
		format := expfmt.Format(header.Get("Content-Type"))
		return expfmt.Format(fmt.Sprint(int(format.FormatType()), " ", format.ToEscapingScheme()))
	})
}

func each(body []byte, answer func(string) string) ([]byte, error) {
	var out []byte
	for _, item := range bytes.Split(body, []byte{0}) {
		out = append(append(out, answer(string(item))...), '\n')
	}
	return out, nil
}

func eachHeader(body []byte, name string, answer func(http.Header) expfmt.Format) ([]byte, error) {
	var out []byte
	for _, line := range strings.Split(string(body), "\n") {
		out = append(append(out, answer(http.Header{name: {line}})...), '\n')
	}
	return out, nil
}
