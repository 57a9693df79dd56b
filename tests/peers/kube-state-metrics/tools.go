//go:build tools

// Package tools pins the real program that the tests build and run.
package tools

import (
	_ "k8s.io/kube-state-metrics/v2"
)
