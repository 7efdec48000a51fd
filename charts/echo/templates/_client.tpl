{{/* The environment of a client; proxyless gRPC reads its bootstrap from there. */}}
{{- define "echo.client.env" -}}
{{ include "echo.pod.name" . }}
{{- include "echo.trace.env" . }}
{{- if .Values.xds.enabled }}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
# Kubernetes puts the pod's name and address in: inside JSON, which has no other "$(".
- name: GRPC_XDS_BOOTSTRAP_CONFIG
  value: {{ include "echo.xds.bootstrap" . | quote }}
{{- end }}
{{- end }}

{{/* istiod knows a proxyless client by GENERATOR "grpc"; its plain-text port asks for no credentials. */}}
{{- define "echo.xds.bootstrap" -}}
{{- $id := printf "sidecar~$(POD_IP)~$(POD_NAME).%s~%s.svc.%s" .Release.Namespace .Release.Namespace .Values.clusterDomain -}}
{{- $metadata := dict "GENERATOR" "grpc" "NAMESPACE" .Release.Namespace -}}
{{- $server := dict
      "server_uri" .Values.xds.istiodAddress
      "channel_creds" (list (dict "type" "insecure"))
      "server_features" (list "xds_v3") -}}
{{- dict "xds_servers" (list $server) "node" (dict "id" $id "metadata" $metadata) | toJson -}}
{{- end }}

{{/* The options that a client's calls need; the target is given. */}}
{{- define "echo.client.options" -}}
# Both releases are installed at once: the client gives the servers time to come up before its first call.
- --wait
- "60"
- --policy
- {{ .Values.client.policy }}
- --timeout
- {{ .Values.client.timeoutSeconds | quote }}
- --format
- json
{{- end }}
