#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests.
#
#   ./test.sh [--preset release|dev|tsan] [--only ROOM[,ROOM...]] [arguments of ctest ...]
#
# release is the default; dev has AddressSanitizer and UndefinedBehaviorSanitizer, tsan has
# ThreadSanitizer. --only builds and runs the tests of some folders: --only policy,store
set -euo pipefail
cd "$(dirname "$0")"

preset=release
rooms=()

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0"
}

while [[ $# -gt 0 ]]; do
  case "$1" in
    --preset) preset=${2:?--preset needs release, dev or tsan}; shift 2 ;;
    --only) IFS=, read -r -a rooms <<<"${2:?--only needs folders}"; shift 2 ;;
    --help | -h) usage; exit 0 ;;
    *) break ;;
  esac
done
case "$preset" in
  release | dev | tsan) ;;
  *) printf 'no preset %s: release, dev or tsan\n' "$preset" >&2; exit 2 ;;
esac

# ThreadSanitizer of g++ 12 cannot map its shadow under wide address randomisation.
runner=()
if [[ "$preset" == tsan ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
  runner=(setarch "$(uname -m)" -R)
fi

targets=()
filter=()
if [[ ${#rooms[@]} -gt 0 ]]; then
  targets=(--target "${rooms[@]/#/test_}")
  filter=(-R "^($(IFS='|'; printf '%s' "${rooms[*]}")):")
fi

./install_packages.sh
cmake --preset "$preset"
"${runner[@]}" cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
"${runner[@]}" ctest --preset "$preset" --output-on-failure -j2 "${filter[@]}" "$@"
