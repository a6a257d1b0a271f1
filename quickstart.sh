#!/usr/bin/env bash
# From a fresh clone to a running Sluice: installs what is missing, builds, starts the daemon on
# its embedded defaults, sends it queries, feeds back how good the answers were, and shows what it
# learnt.
#
#   ./quickstart.sh [--queries N] [--stop-after]
#
# The daemon is left running unless --stop-after is given. Its data goes below build/.
set -euo pipefail
cd "$(dirname "$0")"

readonly LOG=build/quickstart.log
readonly DAEMON=build/release/daemon/sluiced
readonly SIMULATOR=build/release/sim/sluice-sim
readonly START_TIMEOUT_S=60
readonly STOP_TIMEOUT_S=30

queries=4000
stop_after=false
daemon_pid=
daemon_log=
data_url=
admin_url=

usage() {
  sed -n '2,8s/^# \{0,1\}//p' "$0"
}

say() {
  printf '%s\n' "$*"
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# fail_with_log FILE SENTENCE...
fail_with_log() {
  local log=$1
  shift
  printf '\n' >&2
  tail -n 30 "$log" >&2
  fail "$* (all of it: $log)"
}

read_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --stop-after) stop_after=true; shift ;;
      --queries) queries=${2:?--queries needs a number}; shift 2 ;;
      --help | -h) usage; exit 0 ;;
      *) usage >&2; exit 2 ;;
    esac
  done
  [[ "$queries" =~ ^[1-9][0-9]{0,6}$ ]] || fail '--queries needs a number from 1 to 9999999'
}

# Copies a build's output to the log and its progress to one line of the terminal; without a
# terminal, to a line every tenth of the way.
show_progress() {
  local line shown=0 done_count total
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$LOG"
    [[ "$line" =~ ^\[([1-9][0-9]*)/([0-9]+)\] ]] || continue
    done_count=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    if [[ -t 1 ]]; then
      printf '\rbuilding %d of %d ' "$done_count" "$total"
    elif ((done_count * 10 / total > shown)); then
      shown=$((done_count * 10 / total))
      printf 'building %d of %d\n' "$done_count" "$total"
    fi
  done
  if [[ -t 1 && -n "${total:-}" ]]; then printf '\n'; fi
}

build() {
  mkdir -p build
  : >"$LOG"
  cmake --preset release >>"$LOG" 2>&1 || fail_with_log "$LOG" 'cmake could not configure the build'
  cmake --build --preset release --parallel "$(nproc)" --target sluiced sluice-sim 2>&1 |
    show_progress || fail_with_log "$LOG" 'the build failed'
}

# A port when nobody listens on it, else 0: any free one.
port_or_any() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then printf 0; else printf '%s' "$1"; fi
}

# Each run begins with nothing learnt, in a directory of its own.
fresh_directory() {
  if mkdir build/quickstart-data 2>/dev/null; then
    printf build/quickstart-data
  else
    mktemp -d build/quickstart-data.XXXXXX
  fi
}

# The address that the daemon printed for a plane ("data" or "admin"), once it has.
printed_address() {
  sed -n "s|^$1 plane  *\(http://[^ ]*\)\$|\1|p" "$daemon_log"
}

start_daemon() {
  local directory
  directory=$(fresh_directory)
  daemon_log=$directory.log
  nohup "$DAEMON" --data-dir "$directory" --listen "127.0.0.1:$(port_or_any 8080)" \
    --admin-listen "127.0.0.1:$(port_or_any 8081)" >"$daemon_log" 2>&1 </dev/null &
  daemon_pid=$!
  local deadline=$((SECONDS + START_TIMEOUT_S))
  until [[ -n "$data_url" && -n "$admin_url" ]]; do
    kill -0 "$daemon_pid" 2>/dev/null || fail_with_log "$daemon_log" 'sluiced did not start'
    ((SECONDS < deadline)) || fail_with_log "$daemon_log" 'sluiced is not ready'
    sleep 0.1
    data_url=$(printed_address data)
    admin_url=$(printed_address admin)
  done
  say "sluiced runs: pid $daemon_pid, data in $directory, log in $daemon_log"
  say "  callers    $data_url"
  say "  operators  $admin_url"
}

drive() {
  say ''
  "$SIMULATOR" drive --world tasks --limit "$queries" --connections 4 --feedback-delay 100 \
    --url "$data_url" --admin-url "$admin_url" || fail_with_log "$daemon_log" 'the drive failed'
}

# Sends what a caller would send, so that the commands below name a decision that exists.
one_decision() {
  curl -sS --fail-with-body --max-time 10 "$data_url/v1/route" \
    -H 'content-type: application/json' -d '{"query": "What is the capital of France?"}' |
    sed -n 's/.*"decision_id": *"\([^"]*\)".*/\1/p'
}

print_next_steps() {
  local decision
  decision=$(one_decision) || fail_with_log "$daemon_log" 'sluiced did not answer a request'
  [[ -n "$decision" ]] || fail_with_log "$daemon_log" 'an answer of sluiced had no decision_id'
  cat <<END

To try next:

  # Which model should answer this?
  curl -s $data_url/v1/route -H 'content-type: application/json' \\
    -d '{"query": "Prove that there are infinitely many primes.", "explain": true}'

  # How good was the answer?
  curl -s $data_url/v1/feedback -H 'content-type: application/json' \\
    -d '{"decision_id": "$decision", "event_id": "1", "reward": 0.9}'

  # Everything about one decision; about the router; for Prometheus.
  curl -s $admin_url/v1/decisions/$decision
  curl -s $admin_url/v1/routers/default
  curl -s $admin_url/metrics

  # Your own settings: change what this prints, then start with --config.
  $DAEMON --print-config
END
}

# Ends the daemon as an operator would, and insists on a clean end.
stop_daemon() {
  local pid=$daemon_pid code=0
  daemon_pid=
  kill -TERM "$pid"
  timeout "$STOP_TIMEOUT_S" tail --pid="$pid" -f /dev/null || {
    kill -KILL "$pid"
    fail_with_log "$daemon_log" "sluiced did not stop within $STOP_TIMEOUT_S s"
  }
  wait "$pid" || code=$?
  [[ $code -eq 0 ]] || fail_with_log "$daemon_log" "sluiced ended with $code"
  say ''
  say 'sluiced was stopped and ended with 0.'
}

# Whatever goes wrong before the end leaves nothing running.
end_daemon_on_error() {
  [[ -z "$daemon_pid" ]] || kill -TERM "$daemon_pid" 2>/dev/null || true
}

main() {
  read_arguments "$@"
  trap end_daemon_on_error EXIT
  ./install_packages.sh
  build
  start_daemon
  drive
  print_next_steps
  if "$stop_after"; then
    stop_daemon
  else
    say ''
    say "sluiced goes on running. To stop it: kill $daemon_pid"
    daemon_pid=
  fi
}

main "$@"
