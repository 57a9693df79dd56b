//go:build tools

// Package tools pins the real program that the tests build and run.
package tools

import (
	_ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
)
