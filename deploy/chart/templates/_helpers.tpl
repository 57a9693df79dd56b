{{/*
The first part of every name. The operator puts "alertmanager-" before it and the controllers eleven characters
behind it, so it stays within 30; and the name of a service begins with a letter and has no dots. A release whose
name is not like that is known by its beginning and a hash of the whole.
*/}}
{{- define "promontory.base" -}}
{{- $name := .Release.Name -}}
{{- if and (le (len $name) 30) (regexMatch "^[a-z][-a-z0-9]*$" $name) -}}
{{- $name -}}
{{- else -}}
{{- $letters := regexReplaceAll "^([0-9])" (replace "." "-" $name) "r${1}" -}}
{{- printf "%s-%s" (trunc 23 $letters | trimSuffix "-") (sha256sum $name | trunc 6) -}}
{{- end -}}
{{- end -}}

{{/* Name of a part: include "promontory.name" (list $ "grafana"). */}}
{{- define "promontory.name" -}}
{{- printf "%s-%s" (include "promontory.base" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* Name of a cluster-wide object: two releases of one name may live in two namespaces. */}}
{{- define "promontory.clusterName" -}}
{{- $root := index . 0 -}}
{{- printf "promontory:%s:%s:%s" $root.Release.Namespace $root.Release.Name (index . 1) -}}
{{- end -}}

{{/* What selects the pods of a part; it never changes in the life of a release. */}}
{{- define "promontory.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: promontory
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "promontory.labels" -}}
{{- $root := index . 0 -}}
{{ include "promontory.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image of another project: include "promontory.image" .Values.grafana.image */}}
{{- define "promontory.image" -}}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}:{{ .tag }}
{{- end -}}

{{/* An image of ours: include "promontory.ownImage" (list $ .Values.pushgateway.image) */}}
{{- define "promontory.ownImage" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- with $root.Values.images.registry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end -}}

{{- define "promontory.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What the "restricted" Pod Security Standard asks of a pod; the argument is the user id. */}}
{{- define "promontory.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* ... and of a container. */}}
{{- define "promontory.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Node selector and tolerations of a part. Static Linux binaries: never a Windows node. */}}
{{- define "promontory.scheduling" -}}
nodeSelector:
  kubernetes.io/os: linux
  {{- with .nodeSelector }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Type of a service that people open: the one switch `exposure`. */}}
{{- define "promontory.serviceType" -}}
{{- if eq .Values.exposure "nodePort" }}NodePort{{ else }}ClusterIP{{ end -}}
{{- end -}}

{{/* include "promontory.nodePort" (list $ "grafana"): the line of the port, or nothing. */}}
{{- define "promontory.nodePort" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.exposure "nodePort" }}
nodePort: {{ index $root.Values.nodePorts (index . 1) }}
{{- end }}
{{- end -}}

{{/* What a claim asks for; the argument is a `storage` section. */}}
{{- define "promontory.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end -}}

{{/* "true" when the objects of the operator are to be rendered; an explicit true without the CRDs ends here. */}}
{{- define "promontory.customResources" -}}
{{- $there := .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- $wanted := toString .Values.customResources -}}
{{- if and (eq $wanted "true") (not $there) -}}
{{- fail "customResources is true, but this cluster does not know monitoring.coreos.com/v1. Install the operator's CRDs first (deploy/README.md, \"Install\"), or leave customResources at auto." -}}
{{- end -}}
{{- if or (eq $wanted "true") (and (eq $wanted "auto") $there) -}}true{{- end -}}
{{- end -}}

{{/* Head of a ServiceMonitor's endpoint relabeling: the job a target is known by. */}}
{{- define "promontory.job" -}}
- targetLabel: job
  replacement: {{ . }}
{{- end -}}

{{/* The API group of each resource that the kube-state exporter can watch; RBAC comes from it. */}}
{{- define "promontory.apiGroups" -}}
pods: ""
nodes: ""
namespaces: ""
services: ""
deployments: apps
replicasets: apps
statefulsets: apps
daemonsets: apps
jobs: batch
cronjobs: batch
{{- end -}}
