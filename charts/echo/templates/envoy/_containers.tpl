{{/*
The container of an Envoy of ours. `port` is where it takes calls, and `portName` its name; `ready` is what the readiness
probe asks, `workers` how many threads it has: as many as an Istio sidecar, or one, where each has a connection of its own
and one connection is what is shown. With `page` it has the page's files.
*/}}
{{- define "echo.envoy.containers" -}}
{{- $about := . -}}
{{- with .root -}}
containers:
  - name: envoy
    image: {{ include "echo.image" (list .Values.envoy.image "latest") | quote }}
    imagePullPolicy: {{ .Values.envoy.image.pullPolicy }}
    command: [envoy]
    args:
      - --config-path
      - /etc/envoy/bootstrap.yaml
      # Not one for each core of a large node.
      - --concurrency
      - {{ $about.workers | quote }}
      - --disable-hot-restart
      - --log-level
      - warn
      {{- if .Values.trace.otlp }}
      # The name that its spans have.
      - --service-node
      - $(POD_NAME)
      - --service-cluster
      - {{ .Release.Name | quote }}
    env:
      {{- include "echo.pod.name" . | nindent 6 }}
      {{- end }}
    lifecycle:
      preStop:
        exec:
          command:
            - bash
            - -c
            - |
              {{- include "echo.envoy.drain" . | nindent 14 }}
    ports:
      - name: {{ $about.portName }}
        containerPort: {{ $about.port }}
      - name: status
        containerPort: {{ include "echo.envoy.statusPort" . }}
    readinessProbe:
      httpGet:
        path: {{ $about.ready }}
        port: status
      periodSeconds: 1
      timeoutSeconds: 2
      failureThreshold: 3
    livenessProbe:
      httpGet:
        path: /ready
        port: status
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    volumeMounts:
      - name: config
        mountPath: /etc/envoy
        readOnly: true
      {{- if $about.page }}
      - name: page
        mountPath: {{ include "echo.ui.folder" . }}
        readOnly: true
      {{- end }}
    {{- with include "echo.resources" .Values.envoy.resources | trim }}
    resources:
      {{- . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- include "echo.container.security" . | nindent 6 }}
{{- end }}
{{- end }}
