{{/*
What Envoy does before SIGTERM, on which it would cut its connections: it waits until new connections go elsewhere,
answers each client's next call with a GOAWAY, and lets the calls in flight end. The public image has bash, but no curl.
*/}}
{{- define "echo.envoy.drain" -}}
sleep 2
exec 3<>/dev/tcp/127.0.0.1/{{ include "echo.envoy.adminPort" . }}
printf 'POST /healthcheck/fail HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' >&3
read -r answer <&3
sleep {{ .Values.envoy.drainSeconds }}
{{- end }}
