# shellcheck shell=bash
# Servers for one suite: each in an empty folder, on a free port, stopped by its process id when the suite ends.
. tests/machine/port.sh

FOLDER=$(mktemp -d)
export FOLDER
started=()
trap stop_all EXIT

stop_all() {
  local pid
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$FOLDER"
}

# start LOG COMMAND...: starts a server and waits until it prints `listening on ADDRESS`, which is then $ADDRESS.
start() {
  local log=$1 tries=0
  shift
  : >"$log"
  "$@" >"$log" 2>"$log.stderr" &
  started+=("$!")
  until ADDRESS=$(sed -n 's/^listening on \(http[^ ]*\)$/\1/p' "$log" | head -1) && [ -n "$ADDRESS" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "${started[-1]}" 2>/dev/null; then
      echo "$1 did not come up:"
      cat "$log" "$log.stderr"
      return 1
    fi
    sleep 0.1
  done
}

# The settings that every suite starts from, in the `.env` of $FOLDER, so that commands beside the server read them too.
# More lines may follow as arguments.
write_settings() {
  local port
  port=$(free_port)
  printf '%s\n' "POSTERN_URL=http://localhost:$port" "POSTERN_LISTEN=127.0.0.1:$port" \
    LOGIN_MAX=100000 REGISTER_MAX=100000 "$@" >"$FOLDER/.env"
}

# Postern in $FOLDER; its address is then $POSTERN_URL.
start_postern() {
  start "$FOLDER/postern.log" env -C "$FOLDER" "$POSTERN" serve
  POSTERN_URL=$(sed -n 's/^POSTERN_URL=//p' "$FOLDER/.env")
  echo "Postern answers on $ADDRESS as $POSTERN_URL"
}
