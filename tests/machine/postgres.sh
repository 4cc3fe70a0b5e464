# shellcheck shell=bash
# A throw-away PostgreSQL on a free loopback port, made anew for each run and gone after it.
. tests/machine/port.sh

# The newest installed server's programs, or nothing.
postgres_programs() {
  find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -1 | xargs -r dirname
}

# The server refuses to run as root, so root starts it as the user that Debian's package made.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
  else
    "$@"
  fi
}

# Starts the server; its address is then in $RUN/postgres.url and its folder in $RUN/postgres.folder.
set_up_postgres() {
  [ -n "$(postgres_programs)" ] || debian postgresql
  local programs folder port password
  programs=$(postgres_programs)
  folder=$(mktemp -d)
  echo "$folder" >"$RUN/postgres.folder"
  port=$(free_port)
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "$password" >"$folder/password"
  [ "$(id -u)" -ne 0 ] || chown -R postgres:postgres "$folder"
  as_postgres "$programs/initdb" --pgdata "$folder/data" --username postern --pwfile "$folder/password" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >"$RUN/postgres.log"
  as_postgres "$programs/pg_ctl" --pgdata "$folder/data" --wait --log "$folder/log" start --options \
    "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=200 -c fsync=on" \
    >>"$RUN/postgres.log" || { cat "$folder/log"; return 1; }
  echo "postgres://postern:$password@127.0.0.1:$port/postgres" >"$RUN/postgres.url"
  echo "PostgreSQL $("$programs/postgres" --version | sed 's/[^0-9]*//') on port $port"
}

# new_database NAME: makes a database on the server and prints its address.
new_database() {
  local server
  server=$(cat "$RUN/postgres.url")
  "$(postgres_programs)/psql" --quiet --no-psqlrc --dbname "$server" --command "CREATE DATABASE $1"
  echo "${server%/*}/$1"
}

# Stops the server by the process id that it wrote, and removes its folder.
stop_postgres() {
  [ -f "$RUN/postgres.folder" ] || return 0
  local folder
  folder=$(cat "$RUN/postgres.folder")
  if [ -f "$folder/data/postmaster.pid" ]; then
    as_postgres "$(postgres_programs)/pg_ctl" --pgdata "$folder/data" --wait --mode immediate stop >/dev/null || true
  fi
  rm -rf "$folder"
}
