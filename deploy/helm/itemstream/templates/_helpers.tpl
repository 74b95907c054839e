{{- define "itemstream.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "itemstream.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Labels of a part: (dict "top" $ "part" "worker"). */}}
{{- define "itemstream.selector" -}}
app.kubernetes.io/name: itemstream
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "itemstream.labels" -}}
{{ include "itemstream.selector" . }}
app.kubernetes.io/version: {{ .top.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version }}
{{- end -}}

{{- define "itemstream.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "itemstream.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The longest transaction and some: what is in flight is committed before the pod is killed. */}}
{{- define "itemstream.grace" -}}
{{- add (div (int .Values.settings.transaction_timeout_ms) 1000) 15 -}}
{{- end -}}

{{/* A value as quoted text. A number of a values file is a float: written as in JSON, without an exponent. */}}
{{- define "itemstream.text" -}}
{{- ternary . (toJson .) (kindIs "string" .) | quote -}}
{{- end -}}

{{/* Settings and the part's own login: (dict "top" $ "secret" "name"). */}}
{{- define "itemstream.env" -}}
{{- $kafka := .top.Values.kafka -}}
- {name: ITEMSTREAM_BOOTSTRAP_SERVERS, value: {{ $kafka.bootstrapServers | quote }}}
- {name: ITEMSTREAM_SECURITY_PROTOCOL, value: {{ $kafka.securityProtocol }}}
{{- range $name, $value := .top.Values.settings }}
- {name: ITEMSTREAM_{{ $name | upper }}, value: {{ include "itemstream.text" $value }}}
{{- end }}
{{- if $kafka.caSecret }}
- {name: ITEMSTREAM_SSL_CAFILE, value: /kafka-ca/ca.crt}
{{- end }}
{{- if $kafka.clientCertificates }}
- {name: ITEMSTREAM_SSL_CERTFILE, value: /kafka-client/tls.crt}
- {name: ITEMSTREAM_SSL_KEYFILE, value: /kafka-client/tls.key}
{{- if $kafka.clientKeyLocked }}
- name: ITEMSTREAM_SSL_KEYPASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "itemstream.secret" . }}, key: key-password}}
{{- end }}
{{- end }}
{{- if hasPrefix "SASL" $kafka.securityProtocol }}
- {name: ITEMSTREAM_SASL_MECHANISM, value: {{ $kafka.saslMechanism }}}
{{- if eq $kafka.saslMechanism "OAUTHBEARER" }}
- {name: ITEMSTREAM_SASL_OAUTH_TOKEN_URL, value: {{ required "kafka.oauth.tokenUrl is needed for OAUTHBEARER" $kafka.oauth.tokenUrl | quote }}}
{{- if $kafka.oauth.scope }}
- {name: ITEMSTREAM_SASL_OAUTH_SCOPE, value: {{ $kafka.oauth.scope | quote }}}
{{- end }}
{{- if $kafka.oauth.caSecret }}
- {name: ITEMSTREAM_SASL_OAUTH_CAFILE, value: /oauth-ca/ca.crt}
{{- end }}
- name: ITEMSTREAM_SASL_OAUTH_CLIENT_ID
  valueFrom: {secretKeyRef: {name: {{ include "itemstream.secret" . }}, key: client-id}}
- name: ITEMSTREAM_SASL_OAUTH_CLIENT_SECRET
  valueFrom: {secretKeyRef: {name: {{ include "itemstream.secret" . }}, key: client-secret}}
{{- else }}
- name: ITEMSTREAM_SASL_USERNAME
  valueFrom: {secretKeyRef: {name: {{ include "itemstream.secret" . }}, key: username}}
- name: ITEMSTREAM_SASL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "itemstream.secret" . }}, key: password}}
{{- end }}
{{- end }}
{{- end -}}

{{/* Not empty where parts log in with tokens. */}}
{{- define "itemstream.oauth" -}}
{{- if and (hasPrefix "SASL" .Values.kafka.securityProtocol) (eq .Values.kafka.saslMechanism "OAUTHBEARER") }}yes{{ end -}}
{{- end -}}

{{- define "itemstream.secret" -}}
{{- required (printf "%s.kafkaSecret is needed: the Kafka login of that part" .part) .secret -}}
{{- end -}}

{{- define "itemstream.mounts" -}}
{{- $kafka := .top.Values.kafka -}}
- {name: tmp, mountPath: /tmp}
{{- if $kafka.caSecret }}
- {name: kafka-ca, mountPath: /kafka-ca, readOnly: true}
{{- end }}
{{- if $kafka.clientCertificates }}
- {name: kafka-client, mountPath: /kafka-client, readOnly: true}
{{- end }}
{{- if $kafka.oauth.caSecret }}
- {name: oauth-ca, mountPath: /oauth-ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "itemstream.volumes" -}}
{{- $kafka := .top.Values.kafka -}}
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
{{- if $kafka.caSecret }}
- {name: kafka-ca, secret: {secretName: {{ $kafka.caSecret }}}}
{{- end }}
{{- if $kafka.clientCertificates }}
- {name: kafka-client, secret: {secretName: {{ include "itemstream.secret" . }}, defaultMode: 0440}}
{{- end }}
{{- if $kafka.oauth.caSecret }}
- {name: oauth-ca, secret: {secretName: {{ $kafka.oauth.caSecret }}}}
{{- end }}
{{- end -}}

{{/* The web server of metrics and health: inside the pod's network, for Prometheus and the probes. */}}
{{- define "itemstream.webEnv" -}}
- {name: ITEMSTREAM_WEB_HOST, value: 0.0.0.0}
- {name: ITEMSTREAM_WEB_PORT, value: "6066"}
{{- end -}}

{{/* That Kafka is away is no reason to start a collector again: it is alive all the same. */}}
{{- define "itemstream.collectorProbes" -}}
startupProbe:
  httpGet: {path: /live, port: web}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /live, port: web}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /ready, port: web}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{/* For Prometheus; nobody else needs it. (dict "top" $ "part" "relay") */}}
{{- define "itemstream.webService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "itemstream.name" .top }}-{{ .part }}-web
  labels: {{- include "itemstream.labels" . | nindent 4 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {{- include "itemstream.selector" . | nindent 4 }}
  ports: [{name: web, port: 6066, targetPort: web}]
{{- end -}}

{{- define "itemstream.spread" -}}
- maxSkew: 1
  topologyKey: {{ .topologyKey }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector: {matchLabels: {{ include "itemstream.selector" . | fromYaml | toJson }}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector: {matchLabels: {{ include "itemstream.selector" . | fromYaml | toJson }}}
{{- end -}}
