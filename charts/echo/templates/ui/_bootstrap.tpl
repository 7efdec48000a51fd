{{/* Where the page is in its pod. */}}
{{- define "echo.ui.port" -}}9900{{- end }}

{{/* Where Envoy finds the page's files. */}}
{{- define "echo.ui.folder" -}}/srv/page{{- end }}

{{/* The same listener as lbdemo's own on a person's machine: tests hold the two together. */}}
{{- define "echo.ui.bootstrap" -}}
admin:
  address:
    socket_address: {address: 127.0.0.1, port_value: {{ include "echo.envoy.adminPort" . }}}
static_resources:
  listeners:
    {{- include "echo.ui.listener" . | nindent 4 }}
    {{- include "echo.envoy.status" (list . "") | nindent 4 }}
  clusters:
    {{- include "echo.envoy.cluster" (list . "connection" "virtual") | nindent 4 }}
    {{- include "echo.envoy.cluster" (list . "call" "headless") | nindent 4 }}
    {{- include "echo.envoy.admin" . | nindent 4 }}
{{- end }}

{{- define "echo.ui.listener" -}}
- name: page
  enable_reuse_port: false
  address:
    socket_address: {{ include "echo.envoy.listen" (list .Values.envoy.listen (include "echo.ui.port" .)) }}
  filter_chains:
    - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: page
            # A stream may say nothing for as long as it likes.
            stream_idle_timeout: 0s
            route_config:
              # Envoy's own limit is 4,096; a ConfigMap's is this.
              max_direct_response_body_size_bytes: 1048576
              virtual_hosts:
                - name: page
                  domains: ["*"]
                  routes:
                    {{- include "echo.ui.routes" . | nindent 20 }}
            http_filters:
              - name: envoy.filters.http.grpc_web
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb
              {{- include "echo.envoy.router" . | nindent 14 }}
{{- end }}

{{- define "echo.ui.routes" -}}
{{- range $name, $content := .Values.ui.page }}
- match: {path: {{ ternary "/" (printf "/%s" $name) (eq $name "index.html") }}}
  direct_response: {status: 200, body: {filename: "{{ include "echo.ui.folder" $ }}/{{ $name }}"}}
  response_headers_to_add:
    {{- include "echo.ui.headers" $name | nindent 4 }}
{{- end }}
- match: {path: /ways.json}
  direct_response: {status: 200, body: {inline_string: {{ .Values.ui.ways | toJson }}}}
  response_headers_to_add:
    {{- include "echo.ui.headers" "ways.json" | nindent 4 }}
{{- range list "connection" "call" }}
- match: {prefix: /{{ . }}/}
  # The Service's own name as the call's host: by it a sidecar knows whom the call is for.
  route: {cluster: {{ . }}, timeout: 0s, prefix_rewrite: /, auto_host_rewrite: true}
{{- end }}
{{- end }}

{{- define "echo.ui.headers" -}}
{{- $types := dict ".html" "text/html; charset=utf-8" ".js" "text/javascript; charset=utf-8" ".css" "text/css; charset=utf-8" ".json" "application/json" ".svg" "image/svg+xml" ".txt" "text/plain; charset=utf-8" -}}
{{- $policy := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" -}}
{{- range list (list "content-type" (get $types (ext .))) (list "content-security-policy" $policy) (list "x-content-type-options" "nosniff") (list "cache-control" "no-store") }}
- header: {key: {{ index . 0 }}, value: {{ index . 1 | quote }}}
  append_action: OVERWRITE_IF_EXISTS_OR_ADD
{{- end }}
{{- end }}
