//go:build tools

// Package tools pins the real program that the tests build and run.
package tools

import (
	_ "helm.sh/helm/v4/cmd/helm"
)
