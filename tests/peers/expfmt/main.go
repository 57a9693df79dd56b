// Expfmt answers questions about the exposition formats with Go's real libraries: expfmt of
// prometheus/common for what clients, exporters and the pushgateway do, textparse of
// prometheus/prometheus for what the server reads. Our own readers and writers are compared with it.
//
// A question on stdin is a frame: its length as four bytes, big endian; then a mode line such as
// "text legacy"; then, after the line feed, the body. The answer on stdout is a frame too; its first
// byte says how it went: k (fine), e (an error, its text follows), p (the library panicked).
//
// See modes for what can be asked. "expfmt bench FILE" measures the parsers instead.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// modes is the table of questions. An answerer gets the rest of the mode line and the body.
var modes = map[string]func(args []string, body []byte) ([]byte, error){
	"text":         readText,         // legacy|utf8: expfmt.TextParser
	"protobuf":     readProtobuf,     // length-delimited MetricFamily messages
	"openmetrics":  readOpenMetrics,  // textparse, every entry
	"promtext":     readPromText,     // textparse, every entry
	"write":        write,            // FORMAT ESCAPING [created] [unit]: the body is delimited protobuf
	"format-float": formatFloats,     // bits in hex, a line each
	"parse-float":  parseFloats,      // texts, separated by NUL
	"escape":       escapeNames,      // SCHEME: names, separated by NUL
	"unescape":     unescapeNames,    // SCHEME: names, separated by NUL
	"valid":        validNames,       // names, separated by NUL: metric and label, legacy and UTF-8
	"negotiate":    negotiate,        // Accept headers, a line each
	"negotiate-om": negotiateWithOM,  // Accept headers, a line each
	"content-type": fromContentTypes, // Content-Type headers, a line each
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "bench" {
		if err := bench(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err != nil {
			return
		}
		question := make([]byte, length)
		if _, err := io.ReadFull(in, question); err != nil {
			return
		}
		answer := answerTo(question)
		_ = binary.Write(out, binary.BigEndian, uint32(len(answer)))
		_, _ = out.Write(answer)
		// A caller may send many questions before it reads: flush only when nothing more waits.
		if in.Buffered() == 0 {
			_ = out.Flush()
		}
	}
}

// answerTo never panics: a library that does is one of the facts we want to know.
func answerTo(question []byte) (answer []byte) {
	defer func() {
		if trouble := recover(); trouble != nil {
			answer = fmt.Appendf(nil, "p%v", trouble)
		}
	}()
	line, body, _ := bytes.Cut(question, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 || modes[words[0]] == nil {
		return fmt.Appendf(nil, "eunknown mode %q", line)
	}
	result, err := modes[words[0]](words[1:], body)
	if err != nil {
		return append([]byte("e"), err.Error()...)
	}
	return append([]byte("k"), result...)
}
