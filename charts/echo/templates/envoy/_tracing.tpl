{{/* Of a listener: each request becomes a span, below that of who called. */}}
{{- define "echo.envoy.tracing" -}}
tracing:
  provider:
    name: envoy.tracers.opentelemetry
    typed_config:
      "@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig
      service_name: "{{ .Release.Name }}-envoy"
      grpc_service:
        # What is not taken by then is lost.
        timeout: 10s
        envoy_grpc: {cluster_name: collector}
{{- end }}

{{/* Where the spans are sent. */}}
{{- define "echo.envoy.collector" -}}
- name: collector
  type: STRICT_DNS
  dns_lookup_family: V4_PREFERRED
  connect_timeout: 1s
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config: {http2_protocol_options: {}}
  load_assignment:
    cluster_name: collector
    endpoints:
      - lb_endpoints:
          - endpoint:
              address:
                socket_address: {address: {{ include "echo.trace.host" . | quote }}, port_value: {{ include "echo.trace.port" . }}}
{{- end }}

{{/* How soon: left to itself with every fifth span, or after 5 s. */}}
{{- define "echo.envoy.flush" -}}
layered_runtime:
  layers:
    - name: lbdemo
      static_layer: {tracing.opentelemetry.flush_interval_ms: {{ include "echo.trace.flush" . }}}
{{- end }}
