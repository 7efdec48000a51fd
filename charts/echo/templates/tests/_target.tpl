{{/* What a test of this release calls: the client's target, or the servers by their own strategy. */}}
{{- define "echo.test.target" -}}
{{- if eq .Values.role "client" -}}
{{ .Values.client.target }}
{{- else if .Values.xds.enabled -}}
xds:///{{ .Release.Name }}.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}:{{ .Values.server.port }}
{{- else if .Values.envoy.enabled -}}
{{ .Release.Name }}-envoy:{{ .Values.server.port }}
{{- else -}}
{{ .Release.Name }}:{{ .Values.server.port }}
{{- end -}}
{{- end }}

{{- define "echo.test.labels" -}}
app.kubernetes.io/name: echo-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{ include "echo.common" . }}
{{ include "echo.mesh.labels" . }}
{{- end }}
