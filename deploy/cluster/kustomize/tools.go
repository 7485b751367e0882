//go:build tools

// Package kustomize pins the kustomize that renders deploy/k8s where none is installed.
package kustomize

import _ "sigs.k8s.io/kustomize/kustomize/v5"
