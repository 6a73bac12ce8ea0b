# To be sourced by scripts that build images; $work is their directory.
# Uses the engine at hand, or starts Debian's (package docker.io) in $work, as root and without touching anything else.
# A base image that no registry gives is stood in for by Debian packages (debootstrap).
engine=

start_engine() {
  export DOCKER_HOST=unix://$work/docker.sock
  dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
    --bip 10.213.0.1/24 --default-address-pool base=10.214.0.0/16,size=24 >"$work/dockerd.log" 2>&1 &
  engine=$!
  for _ in $(seq 60); do docker version >/dev/null 2>&1 && return; sleep 1; done
  cat "$work/dockerd.log" >&2
  return 1
}

# Sets PYTHON_IMAGE to the Dockerfile's base image, or to one of the same Debian where no registry gives it.
choose_python_image() {
  export PYTHON_IMAGE
  PYTHON_IMAGE=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)
  is_there "$PYTHON_IMAGE" && return
  echo "standing in for $PYTHON_IMAGE"
  PYTHON_IMAGE=memtest-python:stand-in
  stand_in_for_python "$PYTHON_IMAGE"
}

# A Debian with Python, and with the machine's certificates and pip settings.
stand_in_for_python() {
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,busybox-static trixie "$work/root" \
    >"$work/debootstrap.log" || { tail "$work/debootstrap.log" >&2; return 1; }
  cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
  [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$work/root/etc/"
  ln -sf python3 "$work/root/usr/bin/python"
  tar --create --directory "$work/root" . | docker import --change 'CMD ["python3"]' - "$1" >/dev/null
}

# What an engine that was started here leaves behind: its bridge, its rules and empty control groups.
stop_engine() {
  [ -n "$engine" ] || return 0
  kill "$engine" && wait "$engine" || true
  engine=
  ip link delete docker0 2>/dev/null || true
  pgrep -x dockerd >/dev/null || forget_rules
  find /sys/fs/cgroup/docker /sys/fs/cgroup/*/docker -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# Only engines have chains called DOCKER, and there is none any more.
forget_rules() {
  local table rule chain
  for table in filter nat raw; do
    iptables -t $table -S 2>/dev/null | sed -nE '/DOCKER|docker0|br-[0-9a-f]{12}|10\.21[34]\./s/^-A //p' | while read -r rule; do
      # shellcheck disable=SC2086 # a rule is many words
      iptables -t $table -D $rule 2>/dev/null || true
    done || true
    iptables -t $table -S 2>/dev/null | sed -n 's/^-N \(DOCKER.*\)/\1/p' | while read -r chain; do
      iptables -t $table -X "$chain" 2>/dev/null || true
    done || true
  done
}

is_there() { docker image inspect "$1" >/dev/null 2>&1 || timeout 300 docker pull --quiet "$1" >/dev/null 2>&1; }
