//! Amounts of resources as Kubernetes spells them (`100m`, `1.5Gi`, `12e6`), to floats.
