package main

import (
	"bytes"
	"fmt"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// formats names the content types that can be written, as the mode line spells them.
var formats = map[string]expfmt.Format{
	"text":              expfmt.NewFormat(expfmt.TypeTextPlain),
	"openmetrics-0.0.1": `application/openmetrics-text; version=0.0.1; charset=utf-8`,
	"openmetrics-1.0.0": `application/openmetrics-text; version=1.0.0; charset=utf-8`,
	"delimited":         expfmt.NewFormat(expfmt.TypeProtoDelim),
	"prototext":         expfmt.NewFormat(expfmt.TypeProtoText),
	"compact":           expfmt.NewFormat(expfmt.TypeProtoCompact),
}

func write(args []string, body []byte) ([]byte, error) {
	if len(args) < 2 {
		return nil, fmt.Errorf("write FORMAT ESCAPING [created] [unit]")
	}
	format, known := formats[args[0]]
	if !known {
		return nil, fmt.Errorf("unknown format %q", args[0])
	}
	scheme, err := model.ToEscapingScheme(args[1])
	if err != nil {
		return nil, err
	}
	families, err := decodeDelimited(body)
	if err != nil {
		return nil, err
	}
	var options []expfmt.EncoderOption
	for _, option := range args[2:] {
		switch option {
		case "created":
			options = append(options, expfmt.WithCreatedLines())
		case "unit":
			options = append(options, expfmt.WithUnit())
		}
	}
	return encode(families, format.WithEscapingScheme(scheme), options...)
}

func encode(families []*dto.MetricFamily, format expfmt.Format, options ...expfmt.EncoderOption) ([]byte, error) {
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, format, options...)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return nil, err
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
