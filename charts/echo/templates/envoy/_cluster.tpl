{{/*
The servers as a cluster of a name of its own, by their Service. By the headless one: one address a pod, looked up every second. DNS may remember a pod that
has gone for as long as its answers live (often 30 s), so Envoy asks each pod for its health as well, and a server that
drains is left alone within two or three seconds. By the virtual one: whoever answers there is the next connection's.
*/}}
{{- define "echo.envoy.cluster" -}}
{{- $name := index . 1 -}}
{{- $headless := eq (index . 2) "headless" -}}
{{- with index . 0 -}}
- name: {{ $name }}
  # Strict DNS, in the words of Envoy 1.34 and later.
  cluster_type:
    name: envoy.cluster.dns
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster
      dns_refresh_rate: 1s
      dns_failure_refresh_rate: {base_interval: 0.5s, max_interval: 1s}
      dns_lookup_family: V4_PREFERRED
  connect_timeout: 1s
  lb_policy: {{ .Values.balancing.policy }}
  # With no healthy pod left, try them all rather than none: the checks may be wrong.
  common_lb_config: {healthy_panic_threshold: {value: 1}}
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config: {http2_protocol_options: {}}
  # Not the subject here: the default of 1024 would refuse calls of a client with many in flight.
  circuit_breakers:
    thresholds:
      - {max_connections: 100000, max_pending_requests: 100000, max_requests: 100000, max_retries: 100000}
  {{- if .Values.server.metricsPort }}
  # Each pod's share as Envoy counted it, beside what the pods say.
  track_cluster_stats: {per_endpoint_stats: true}
  {{- end }}
  {{- if $headless }}
  health_checks:
    - grpc_health_check: {authority: "{{ .Release.Name }}-headless"}
      timeout: 2s
      interval: 1s
      no_traffic_interval: 1s
      unhealthy_threshold: 2
      healthy_threshold: 1
  {{- end }}
  {{- with .Values.balancing.outlierDetection }}
  {{- if .enabled }}
  outlier_detection:
    consecutive_5xx: {{ .consecutiveErrors }}
    interval: {{ .intervalSeconds }}s
    base_ejection_time: {{ .ejectionSeconds }}s
    max_ejection_percent: {{ .maxEjectionPercent }}
    # A sick server may well answer health checks: they must not bring it back before its time.
    successful_active_health_check_uneject_host: false
    # Consecutive errors decide, not statistics over hosts.
    enforcing_success_rate: 0
  {{- end }}
  {{- end }}
  load_assignment:
    cluster_name: {{ $name }}
    endpoints:
      - lb_endpoints:
          - endpoint:
              address:
                socket_address: {address: "{{ .Release.Name }}{{ if $headless }}-headless{{ end }}", port_value: {{ .Values.server.port }}}
{{- end }}
{{- end }}
