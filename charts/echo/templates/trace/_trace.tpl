{{/* How soon spans are sent, in milliseconds: who traces a call by hand does not wait for long. */}}
{{- define "echo.trace.flush" -}}500{{- end }}

{{- define "echo.trace.port" -}}{{ regexFind "[0-9]+$" .Values.trace.otlp }}{{- end }}
{{- define "echo.trace.host" -}}{{ regexReplaceAll ":[0-9]+$" .Values.trace.otlp "" | trimPrefix "[" | trimSuffix "]" }}{{- end }}

{{/* What makes a program of ours tell its spans. */}}
{{- define "echo.trace.env" -}}
{{- with .Values.trace.otlp }}

- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: "http://{{ . }}"
- name: OTEL_SERVICE_NAME
  value: {{ $.Release.Name | quote }}
- name: OTEL_BSP_SCHEDULE_DELAY
  value: {{ include "echo.trace.flush" $ | quote }}
{{- end }}
{{- end }}

{{/* The backend's ports, of its container and its Service. Istio's sidecars speak HTTP/1 to a port that does not say gRPC. */}}
{{- define "echo.trace.ports" -}}
- {name: grpc-otlp, port: 4317, protocol: grpc}
- {name: http-query, port: 16686, protocol: http}
{{- end }}

{{- define "echo.traces.selector" -}}
app.kubernetes.io/name: traces
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "echo.traces.labels" -}}
{{ include "echo.traces.selector" . }}
app.kubernetes.io/component: traces
{{ include "echo.common" . }}
{{- end }}

{{/* Without a sidecar: it takes spans of pods that have none, too. */}}
{{- define "echo.traces.pod.labels" -}}
{{ include "echo.traces.labels" . }}
sidecar.istio.io/inject: "false"
{{- end }}

{{- define "echo.traces.container" -}}
{{- if eq .Values.trace.backend "lbdemo" -}}
image: {{ include "echo.image" (list .Values.image .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [collector, --otlp, "0.0.0.0:4317", --query, "0.0.0.0:16686"]
{{- else -}}
image: {{ include "echo.image" (list .Values.trace.image "latest") | quote }}
imagePullPolicy: {{ .Values.trace.image.pullPolicy }}
env:
  # Left to itself outside of its own image it listens on loopback.
  - name: JAEGER_LISTEN_HOST
    value: 0.0.0.0
{{- end }}
{{- end }}
