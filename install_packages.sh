#!/usr/bin/env bash
# Installs the Debian 12 packages that Sluice is built from, those that are missing. Needs root or
# sudo only when something is. What apt says goes to build/install_packages.log.
set -euo pipefail
cd "$(dirname "$0")"

readonly LOG=build/install_packages.log

PACKAGES=(
  # To build.
  g++ cmake ninja-build pkg-config ccache
  # The product.
  libboost1.81-dev librocksdb-dev libeigen3-dev libcpp-httplib-dev nlohmann-json3-dev
  libsimdjson-dev prometheus-cpp-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libssl-dev
  # The tests.
  catch2 libyaml-cpp-dev
  # To talk to the daemon.
  curl
)
readonly PACKAGES

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

is_installed() {
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    is_installed "$package" || printf '%s\n' "$package"
  done
}

is_debian_12() {
  [[ -r /etc/os-release ]] || return 1
  # shellcheck disable=SC1091  # not a file of ours
  (. /etc/os-release && [[ "${ID:-}" == debian && "${VERSION_ID:-}" == 12 ]])
}

# Debian's versions of Boost exclude one another; apt would say so in a page of text.
refuse_other_boost() {
  local other
  other=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'libboost1.*-dev' 2>/dev/null |
    sed -n 's/^installed \(libboost1\.[0-9]*-dev\)$/\1/p' | grep -vx libboost1.81-dev || true)
  [[ -z "$other" ]] && return
  fail "$other is installed and cannot stand beside libboost1.81-dev, which Sluice is built from." \
    "Remove it first: apt-get remove $other"
}

# Runs a command as root, by sudo when this is not root.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$LOG" 2>&1
}

install_missing() {
  printf 'installing %d packages: %s\n' "$#" "$*"
  mkdir -p build
  : >"$LOG"
  # What is missing may be newer than the lists that apt has.
  apt_get update || { tail -n 20 "$LOG" >&2; fail "apt-get update failed (all of it: $LOG)"; }
  apt_get install -y --no-install-recommends --no-remove "$@" ||
    { tail -n 20 "$LOG" >&2; fail "apt-get install failed (all of it: $LOG)"; }
}

main() {
  if ! is_debian_12; then
    printf 'This is not Debian 12: nothing is installed. Sluice is built from these packages:\n'
    printf '  %s\n' "${PACKAGES[@]}"
    return
  fi
  local list missing
  list=$(missing_packages)
  [[ -z "$list" ]] && return
  mapfile -t missing <<<"$list"
  if [[ " ${missing[*]} " == *' libboost1.81-dev '* ]]; then refuse_other_boost; fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    fail "Packages are missing, and this is neither root nor is there sudo. As root:" \
      "apt-get install --no-install-recommends ${missing[*]}"
  fi
  install_missing "${missing[@]}"
}

main "$@"
