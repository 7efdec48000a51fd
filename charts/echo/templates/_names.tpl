{{/* What selects the pods of this release: name and instance only, since a selector can never change. */}}
{{- define "echo.selector" -}}
app.kubernetes.io/name: echo
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Envoy's pods have another name, so that the servers' Services do not select them. */}}
{{- define "echo.envoy.selector" -}}
app.kubernetes.io/name: envoy
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "echo.ui.selector" -}}
app.kubernetes.io/name: ui
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* What every object carries beside its selector. */}}
{{- define "echo.common" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: lbdemo
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "echo.labels" -}}
{{ include "echo.selector" . }}
app.kubernetes.io/component: {{ .Values.role }}
{{ include "echo.common" . }}
{{- end }}

{{- define "echo.envoy.labels" -}}
{{ include "echo.envoy.selector" . }}
app.kubernetes.io/component: proxy
{{ include "echo.common" . }}
{{- end }}

{{- define "echo.ui.labels" -}}
{{ include "echo.ui.selector" . }}
app.kubernetes.io/component: page
{{ include "echo.common" . }}
{{- end }}

{{/* The generation that a new deployment has. `lbdemo up` notes later ones, and by them what was changed by hand. */}}
{{- define "echo.generation" -}}
{{- if .Release.IsInstall }}
lbdemo/generation: "1"
{{- end }}
{{- end }}

{{/* What the object was given, so that `lbdemo up` sees what somebody changed by hand since. */}}
{{- define "echo.applied" -}}
lbdemo/applied: {{ fromYaml . | toJson | quote }}
{{- end }}

{{/* The reference of an image, out of its value and the tag that an empty one means. */}}
{{- define "echo.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default (index . 1) }}
{{- end -}}
{{- end }}
