{{/* Where Envoy answers the kubelet and lets its counters be read (and nothing be changed). */}}
{{- define "echo.envoy.statusPort" -}}9902{{- end }}

{{/* Envoy's own admin, on loopback only: whoever reaches it can end the process. */}}
{{- define "echo.envoy.adminPort" -}}9901{{- end }}

{{/* Where Envoy listens: `::` takes IPv4 as well. */}}
{{- define "echo.envoy.listen" -}}
{{- $address := index . 0 -}}
{address: {{ $address | quote }}, port_value: {{ index . 1 }}{{ if contains ":" $address }}, ipv4_compat: true{{ end }}}
{{- end }}

{{/* By these a plain Prometheus finds Envoy's counters, where the servers' are wanted. */}}
{{- define "echo.envoy.metrics.annotations" -}}
{{- if .Values.server.metricsPort }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ include "echo.envoy.statusPort" . | quote }}
prometheus.io/path: /stats/prometheus
{{- end }}
{{- end }}

{{- define "echo.envoy.bootstrap" -}}
{{- if .Values.trace.otlp }}
{{- include "echo.envoy.flush" . }}
{{ end -}}
admin:
  address:
    socket_address: {address: 127.0.0.1, port_value: {{ include "echo.envoy.adminPort" . }}}
static_resources:
  listeners:
    {{- include "echo.envoy.listener" . | nindent 4 }}
    {{- include "echo.envoy.status" (list . "echo") | nindent 4 }}
  clusters:
    {{- include "echo.envoy.cluster" (list . "echo" "headless") | nindent 4 }}
    {{- if .Values.trace.otlp }}
    {{- include "echo.envoy.collector" . | nindent 4 }}
    {{- end }}
    {{- include "echo.envoy.admin" . | nindent 4 }}
{{- end }}

{{/* Envoy's own admin interface, for what may be asked of it from outside. */}}
{{- define "echo.envoy.admin" -}}
- name: admin
  type: STATIC
  load_assignment:
    cluster_name: admin
    endpoints:
      - lb_endpoints:
          - endpoint:
              address:
                socket_address: {address: 127.0.0.1, port_value: {{ include "echo.envoy.adminPort" . }}}
{{- end }}

{{- define "echo.envoy.listener" -}}
- name: grpc
  address:
    socket_address: {{ include "echo.envoy.listen" (list .Values.envoy.listen .Values.server.port) }}
  filter_chains:
    - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: grpc
            codec_type: HTTP2
            # Between the first GOAWAY and the last one.
            drain_timeout: 1s
            {{- if .Values.trace.otlp }}
            {{- include "echo.envoy.tracing" . | nindent 12 }}
            {{- end }}
            route_config:
              name: echo
              virtual_hosts:
                - name: echo
                  domains: ["*"]
                  routes:
                    - match: {prefix: /}
                      route:
                        cluster: echo
                        # The caller's own deadline rules, with no other beside it.
                        timeout: 0s
                        max_stream_duration: {grpc_timeout_header_max: 0s}
                        {{- with .Values.envoy.retries }}
                        retry_policy:
                          retry_on: connect-failure,refused-stream,reset-before-request,unavailable
                          num_retries: {{ . }}
                          # Another pod, not the same again.
                          retry_host_predicate:
                            - name: envoy.retry_host_predicates.previous_hosts
                              typed_config:
                                "@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate
                          host_selection_retry_max_attempts: 5
                        {{- end }}
            http_filters:
              {{- include "echo.envoy.router" . | nindent 14 }}
{{- end }}

{{/* What is told to the kubelet and to who looks. With a cluster's name, /healthz says whether it has a server to call. */}}
{{- define "echo.envoy.status" -}}
{{- $cluster := index . 1 -}}
{{- with index . 0 -}}
- name: status
  address:
    socket_address: {{ include "echo.envoy.listen" (list .Values.envoy.listen (include "echo.envoy.statusPort" .)) }}
  filter_chains:
    - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: status
            route_config:
              name: status
              virtual_hosts:
                - name: status
                  domains: ["*"]
                  routes:
                    {{- range list "/ready" "/clusters" "/stats" "/stats/prometheus" }}
                    - match: {path: {{ . }}, headers: [{name: ":method", string_match: {exact: GET}}]}
                      route: {cluster: admin}
                    {{- end }}
            http_filters:
              {{- if $cluster }}
              # Ready is an Envoy that has a server to call.
              - name: envoy.filters.http.health_check
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck
                  pass_through_mode: false
                  cluster_min_healthy_percentages: { {{- $cluster }}: {value: 1}}
                  headers: [{name: ":path", string_match: {exact: /healthz}}]
              {{- end }}
              {{- include "echo.envoy.router" . | nindent 14 }}
{{- end }}
{{- end }}

{{- define "echo.envoy.router" -}}
- name: envoy.filters.http.router
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
{{- end }}
