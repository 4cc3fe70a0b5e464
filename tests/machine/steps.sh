# shellcheck shell=bash
# Steps: each under a heading of its own; a failure is remembered, and the next step goes on.

passed=0
failures=()

# step NAME COMMAND...: runs a program or a function in a shell of its own that ends at its first failure.
step() {
  local name=$1 began=$SECONDS status
  shift
  printf '\n=== %s\n' "$name"
  # Not `(...) || status=$?`: bash forgets `set -e` inside a command whose status is looked at.
  set +e
  (set -euo pipefail; "$@")
  status=$?
  set -e
  if [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
    printf -- '--- %s: done in %s s\n' "$name" "$((SECONDS - began))"
  else
    failures+=("$name")
    printf -- '--- %s: FAILED with status %s after %s s\n' "$name" "$status" "$((SECONDS - began))"
  fi
  return 0
}

# Says how the steps ended; its status is that of the whole run.
summary() {
  printf '\n'
  [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
  printf '%s passed, %s failed\n' "$passed" "${#failures[@]}"
  [ ${#failures[@]} -eq 0 ]
}
