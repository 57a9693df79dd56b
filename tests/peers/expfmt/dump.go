package main

import (
	"fmt"
	"math"
	"sort"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The dump is one fact a line, the same from Go and from Rust for the same families: strings quoted
// with every byte outside printable ASCII as \xHH, floats as their bits in hex (any NaN as "nan").

func quote(s string) string {
	out := []byte{'"'}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			out = fmt.Appendf(out, `\x%02x`, c)
		} else {
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

func float(f float64) string {
	if math.IsNaN(f) {
		return "nan"
	}
	return fmt.Sprintf("%016x", math.Float64bits(f))
}

// count prints what readers make of the pair of fields: a float above zero wins, as metrics.proto says;
// another one counts where there is no whole number.
func count(integer *uint64, f float64) string {
	if f > 0 || f != 0 && integer == nil {
		return "f" + float(f)
	}
	if integer == nil {
		return "i0"
	}
	return fmt.Sprint("i", *integer)
}

func dumpFamilies(families []*dto.MetricFamily) []byte {
	var out []byte
	for _, family := range families {
		help := "-"
		if family.Help != nil {
			help = quote(family.GetHelp())
		}
		out = fmt.Appendf(out, "family %s %s help %s unit %s\n", quote(family.GetName()), family.GetType(), help, quote(family.GetUnit()))
		for _, metric := range family.GetMetric() {
			out = append(out, " metric"...)
			for _, label := range metric.GetLabel() {
				out = fmt.Appendf(out, " %s=%s", quote(label.GetName()), quote(label.GetValue()))
			}
			if metric.TimestampMs != nil {
				out = fmt.Appendf(out, " @%d", metric.GetTimestampMs())
			}
			out = dumpValue(append(out, '\n'), metric)
		}
	}
	return out
}

func dumpValue(out []byte, metric *dto.Metric) []byte {
	if c := metric.Counter; c != nil {
		out = fmt.Appendf(out, "  counter %s%s%s\n", float(c.GetValue()), dumpCreated(c.CreatedTimestamp), dumpExemplar(c.Exemplar))
	}
	if g := metric.Gauge; g != nil {
		out = fmt.Appendf(out, "  gauge %s\n", float(g.GetValue()))
	}
	if u := metric.Untyped; u != nil {
		out = fmt.Appendf(out, "  untyped %s\n", float(u.GetValue()))
	}
	if s := metric.Summary; s != nil {
		out = fmt.Appendf(out, "  summary i%d %s%s\n", s.GetSampleCount(), float(s.GetSampleSum()), dumpCreated(s.CreatedTimestamp))
		for _, q := range s.GetQuantile() {
			out = fmt.Appendf(out, "   quantile %s %s\n", float(q.GetQuantile()), float(q.GetValue()))
		}
	}
	if h := metric.Histogram; h != nil {
		out = dumpHistogram(out, h)
	}
	return out
}

func dumpHistogram(out []byte, h *dto.Histogram) []byte {
	out = fmt.Appendf(out, "  histogram %s %s%s\n", count(h.SampleCount, h.GetSampleCountFloat()), float(h.GetSampleSum()), dumpCreated(h.CreatedTimestamp))
	for _, b := range h.GetBucket() {
		out = fmt.Appendf(out, "   bucket %s %s%s\n", float(b.GetUpperBound()), count(b.CumulativeCount, b.GetCumulativeCountFloat()), dumpExemplar(b.Exemplar))
	}
	if !hasNativePart(h) {
		return out
	}
	out = fmt.Appendf(out, "   native %d %s %s\n", h.GetSchema(), float(h.GetZeroThreshold()), count(h.ZeroCount, h.GetZeroCountFloat()))
	out = dumpSide(out, "negative", h.GetNegativeSpan(), h.GetNegativeDelta(), h.GetNegativeCount())
	out = dumpSide(out, "positive", h.GetPositiveSpan(), h.GetPositiveDelta(), h.GetPositiveCount())
	for _, e := range h.GetExemplars() {
		out = fmt.Appendf(out, "   -%s\n", dumpExemplar(e))
	}
	return out
}

// hasNativePart: any field of it is there with something other than its default.
func hasNativePart(h *dto.Histogram) bool {
	return h.GetSchema() != 0 || h.GetZeroThreshold() != 0 || h.GetZeroCount() != 0 || h.GetZeroCountFloat() != 0 ||
		len(h.GetNegativeSpan())+len(h.GetNegativeDelta())+len(h.GetNegativeCount()) != 0 ||
		len(h.GetPositiveSpan())+len(h.GetPositiveDelta())+len(h.GetPositiveCount()) != 0 || len(h.GetExemplars()) != 0
}

func dumpSide(out []byte, side string, spans []*dto.BucketSpan, deltas []int64, counts []float64) []byte {
	if len(spans)+len(deltas)+len(counts) == 0 {
		return out
	}
	out = append(out, "   "+side...)
	for _, s := range spans {
		out = fmt.Appendf(out, " %d+%d", s.GetOffset(), s.GetLength())
	}
	for _, d := range deltas {
		out = fmt.Appendf(out, " d%d", d)
	}
	for _, c := range counts {
		out = fmt.Appendf(out, " c%s", float(c))
	}
	return append(out, '\n')
}

func dumpCreated(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return " created " + dumpTime(t)
}

func dumpTime(t *timestamppb.Timestamp) string {
	return fmt.Sprintf("%d.%d", t.GetSeconds(), t.GetNanos())
}

func dumpExemplar(e *dto.Exemplar) string {
	if e == nil {
		return ""
	}
	out := " exemplar"
	for _, label := range e.GetLabel() {
		out += fmt.Sprintf(" %s=%s", quote(label.GetName()), quote(label.GetValue()))
	}
	out += " " + float(e.GetValue())
	if e.Timestamp != nil {
		out += " @" + dumpTime(e.Timestamp)
	}
	return out
}

func sortedByName(families map[string]*dto.MetricFamily) []*dto.MetricFamily {
	var out []*dto.MetricFamily
	for _, family := range families {
		out = append(out, family)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].GetName() < out[j].GetName() })
	return out
}
