{{/*
Labels of a pod that say whether it gets a sidecar. They say it either way: a labelled namespace then injects nothing
into the pods of another strategy, and a change of strategy rolls the pods.
The canonical name is the release's: both releases share a chart, and would merge in the mesh's telemetry.
*/}}
{{- define "echo.mesh.labels" -}}
service.istio.io/canonical-name: {{ .Release.Name | quote }}
sidecar.istio.io/inject: {{ .Values.istio.enabled | quote }}
{{- if and .Values.istio.enabled .Values.istio.revision }}
istio.io/rev: {{ .Values.istio.revision | quote }}
{{- end }}
{{- end }}

{{/*
How the sidecar ends. A native sidecar (Kubernetes 1.29 and later) gets its SIGTERM after the server is gone, and has
nothing left to wait for; an older one gets it together with the server, and must outlive the calls in flight.
*/}}
{{- define "echo.mesh.annotations" -}}
{{- $metadata := dict "EXIT_ON_ZERO_ACTIVE_CONNECTIONS" "true" "MINIMUM_DRAIN_DURATION" "1s" -}}
{{- $config := dict "holdApplicationUntilProxyStarts" true "proxyMetadata" $metadata -}}
{{- if .Values.trace.otlp }}{{ $config = merge $config (include "echo.mesh.trace" . | fromYaml) }}{{ end -}}
proxy.istio.io/config: {{ $config | toJson | quote }}
{{- if .Values.trace.otlp }}
traffic.sidecar.istio.io/excludeOutboundPorts: {{ include "echo.trace.port" . | quote }}
sidecar.istio.io/statsInclusionPrefixes: cluster.outbound
{{- end }}
{{- end }}

{{/*
Of a sidecar that tells its spans: under the pod's own name, for client's and server's would be one otherwise; and soon,
not with every fifth span or after 5 s. What the program beside it sends to the same place goes past it (above): each
export would be a trace, too.
*/}}
{{- define "echo.mesh.trace" -}}
tracingServiceName: CANONICAL_NAME_ONLY
runtimeValues:
  tracing.opentelemetry.flush_interval_ms: {{ include "echo.trace.flush" . | quote }}
{{- end }}

{{/*
By these a plain Prometheus finds the metrics of servers and client. A sidecar of Istio's answers for both then, with its own beside
them; who asks for the port itself (a PodMonitor) speaks no mutual TLS, and goes past the sidecar.
*/}}
{{- define "echo.metrics.annotations" -}}
{{- with (index .Values .Values.role).metricsPort }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ . | quote }}
prometheus.io/path: /metrics
{{- if $.Values.istio.enabled }}
traffic.sidecar.istio.io/excludeInboundPorts: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels or annotations of a pod: our own (as YAML), and those of the values that are not ours. */}}
{{- define "echo.pod.marks" -}}
{{- range $name, $value := merge (fromYaml (index . 0)) (index . 1) }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "echo.pod.labels" -}}
{{- $own := printf "%s\n%s" (include "echo.labels" .) (include "echo.mesh.labels" .) -}}
{{- include "echo.pod.marks" (list $own .Values.pod.labels) -}}
{{- end }}

{{- define "echo.pod.annotations" -}}
{{- $mesh := ternary (include "echo.mesh.annotations" .) "" .Values.istio.enabled -}}
{{- $metrics := include "echo.metrics.annotations" . -}}
{{- $own := printf "kubectl.kubernetes.io/default-container: echo\n%s\n%s" $mesh $metrics -}}
{{- include "echo.pod.marks" (list $own .Values.pod.annotations) -}}
{{- end }}

{{/* What all our pods have in common; "restricted" in the words of Kubernetes' pod security standards. */}}
{{- define "echo.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- with .Values.pod.runAsUser }}
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.pod.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector:
  {{- range $name, $value := . }}
  {{ $name | quote }}: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations:
  {{- range . }}
  - {{ if hasKey . "value" }}{{ merge (dict "value" (toString .value)) . | toJson }}{{ else }}{{ toJson . }}{{ end }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "echo.container.security" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The name by which a server signs its answers. */}}
{{- define "echo.pod.name" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}

{{- define "echo.server.env" -}}
{{ include "echo.pod.name" . }}
{{- include "echo.trace.env" . }}
{{- end }}

{{/* requests and limits, without the quantities that are empty. */}}
{{- define "echo.resources" -}}
{{- range $kind, $quantities := . }}
{{- $given := dict }}
{{- range $name, $quantity := $quantities }}
{{- if $quantity }}{{ $_ := set $given $name $quantity }}{{ end }}
{{- end }}
{{- with $given }}
{{ $kind }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Seconds a pod has between SIGTERM and SIGKILL: its drain, and time to end and for a sidecar to follow. */}}
{{- define "echo.grace" -}}
{{ add (ceil .) 15 }}
{{- end }}
