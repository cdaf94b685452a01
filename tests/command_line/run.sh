#!/usr/bin/env bash
# Runs one file of command-line cases against the program. A file holds cases like
#
#   # what the case is about
#   $ isocenter report no-such-folder --output OUT
#   exit 3
#   stderr no-such-folder
#   absent OUT
#
# Lines after `$` or before it: `exit N`; `stdout TEXT` / `stderr TEXT` (must contain), `stderr-lines N`; `json` (standard output is JSON); `present FILE` /
# `absent FILE`; `needs PATH` (skip the case when it is absent). OUT is a fresh folder name, TMP an empty folder, SHARED the shared data. A line
# `+ COMMAND` prepares (bash; the program is `isocenter` there too); `try COMMAND` likewise, but the case is skipped where it fails; `- COMMAND` cleans up.
set -uo pipefail
program=$(realpath "$1")
file=$2
shared=$(realpath "${ISOCENTER_SHARED:-../shared}" 2>/dev/null || echo /nonexistent)
failed=0 passed=0 skipped=0
PATH=$(dirname "$program"):$PATH

begin() {
  [ -n "${work:-}" ] && rm -rf "$work"
  work=$(mktemp -d)
  mkdir "$work/tmp"
  title= command= expectations=() preparations=() attempts=() cleanups=() needs=()
}
substitute() { local t=${1//OUT/$work/out}; t=${t//TMP/$work/tmp}; echo "${t//SHARED/$shared}"; }
check() {
  local line path
  for path in "${needs[@]}"; do
    if [ ! -e "$(substitute "$path")" ]; then
      echo "skipped: $title (no $path)"
      skipped=$((skipped + 1))
      return
    fi
  done
  for line in "${attempts[@]}"; do
    (bash -euc "$(substitute "$line")") >/dev/null 2>&1 || { echo "skipped: $title (not possible here: $line)"; skipped=$((skipped + 1)); return; }
  done
  for line in "${preparations[@]}"; do (bash -euc "$(substitute "$line")") || { echo "FAILED to prepare: $title: $line"; failed=$((failed + 1)); return; }; done
  local code=0 wrong=()
  local words=${command#isocenter}
  eval "\"\$program\" $(substitute "$words")" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
  for line in "${expectations[@]}"; do
    local key=${line%% *} rest=${line#* }
    case "$key" in
      exit) [ "$code" = "$rest" ] || wrong+=("exit code $code, not $rest") ;;
      stdout) grep -qF -- "$(substitute "$rest")" "$work/stdout" || wrong+=("stdout lacks: $rest") ;;
      stderr) grep -qF -- "$(substitute "$rest")" "$work/stderr" || wrong+=("stderr lacks: $rest") ;;
      stderr-lines) [ "$(wc -l <"$work/stderr")" = "$rest" ] || wrong+=("stderr has $(wc -l <"$work/stderr") lines, not $rest") ;;
      json) node -e 'JSON.parse(require("fs").readFileSync(0,"utf8"))' <"$work/stdout" 2>/dev/null || wrong+=("stdout is no JSON") ;;
      present) [ -e "$(substitute "$rest")" ] || wrong+=("missing: $rest") ;;
      absent) [ ! -e "$(substitute "$rest")" ] || wrong+=("should not be there: $rest") ;;
      *) wrong+=("unknown expectation: $line") ;;
    esac
  done
  for line in "${cleanups[@]}"; do (bash -euc "$(substitute "$line")") >/dev/null 2>&1; done
  if [ "${#wrong[@]}" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $title"
    printf '  %s\n' "${wrong[@]}"
    sed 's/^/  stderr: /' "$work/stderr" | head -5
  fi
}

begin
while IFS= read -r line || [ -n "$line" ]; do
  case "$line" in
    '#'*) [ -n "$command" ] && { check; begin; }; title=${line#\# } ;;
    '$ '*) command=${line#\$ } ;;
    'try '*) attempts+=("${line#try }") ;;
    '- '*) cleanups+=("${line#- }") ;;
    '+ '*) preparations+=("${line#+ }") ;;
    'needs '*) needs+=("${line#needs }") ;;
    '') ;;
    *) expectations+=("$line") ;;
  esac
done <"$file"
[ -n "$command" ] && check
rm -rf "$work"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 77
