{{/* The name of this release's objects. */}}
{{- define "memtest.name" -}}
{{- $name := contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) }}
{{- $name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* The labels of every object. */}}
{{- define "memtest.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* How many cells a plan has: every driver under every scenario for every duration, less what it excludes. */}}
{{- define "memtest.cells" -}}
{{- $plan := . }}
{{- $cells := 0 }}
{{- range $driver := $plan.drivers }}
{{- if kindIs "map" $driver }}{{ $driver = $driver.name }}{{ end }}
{{- range $scenario, $options := $plan.scenarios }}
{{- range $duration := $plan.durations }}
{{- $excluded := false }}
{{- range $plan.exclude }}
{{- if and (has (.driver | default $driver) (list $driver)) (eq (.scenario | default $scenario) $scenario) (eq (.duration | default $duration) $duration) }}
{{- $excluded = true }}
{{- end }}
{{- end }}
{{- if not $excluded }}{{ $cells = add1 $cells }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- mul $cells ($plan.repetitions | default 1) }}
{{- end }}

{{/*
Fill in what a plan says in its Job, as `exporter matrix --kubernetes` does. Changes .job; prints nothing.
Takes job, plan, image and pullPolicy.
*/}}
{{- define "memtest.fill" -}}
{{- $place := .plan.kubernetes | default dict }}
{{- $spec := .job.spec }}
{{- $_ := set .job.metadata.labels "memtest/plan" .plan.name }}
{{- $_ = set $spec "completions" (include "memtest.cells" .plan | int) }}
{{- $_ = set $spec "parallelism" (get $place "parallelism" | default 10 | int) }}
{{- $_ = set $spec "backoffLimitPerIndex" (dig "limits" "retries" 1 .plan | int) }}
{{- $_ = set $spec.template.metadata.labels "memtest/plan" .plan.name }}
{{- $_ = set $spec.template.metadata.annotations "memtest/plan" (toYaml .plan) }}
{{- $pod := $spec.template.spec }}
{{- with index $place "priority-class" }}{{ $_ = set $pod "priorityClassName" . }}{{ end }}
{{- with index $place "node-selector" }}{{ $_ = set $pod "nodeSelector" . }}{{ end }}
{{- with index $place "tolerations" }}{{ $_ = set $pod "tolerations" . }}{{ end }}
{{- with index $place "pull-secrets" }}
{{- $secrets := list }}
{{- range . }}{{ $secrets = append $secrets (dict "name" .) }}{{ end }}
{{- $_ = set $pod "imagePullSecrets" $secrets }}
{{- end }}
{{- $cell := first $pod.containers }}
{{- $_ = set $cell "image" ($place.image | default .image) }}
{{- with .pullPolicy }}{{ $_ = set $cell "imagePullPolicy" . }}{{ end }}
{{- with $place.requests }}{{ $_ = set $cell.resources "requests" . }}{{ end }}
{{- with $place.limits }}{{ $_ = set $cell.resources "limits" . }}{{ end }}
{{- range $name, $value := $place.environment }}
{{- $_ = set $cell "env" (append $cell.env (dict "name" $name "value" $value)) }}
{{- end }}
{{- $artefacts := $place.artefacts | default dict }}
{{- with $artefacts.secret }}{{ $_ = set $cell "envFrom" (list (dict "secretRef" (dict "name" .))) }}{{ end }}
{{- with $artefacts.claim }}
{{- $volume := last $pod.volumes }}
{{- $_ = unset $volume "emptyDir" }}
{{- $_ = set $volume "persistentVolumeClaim" (dict "claimName" .) }}
{{- end }}
{{- end }}
