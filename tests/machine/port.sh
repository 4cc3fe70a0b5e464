# shellcheck shell=bash
# Ports of this machine.

# Prints a loopback port that nobody listens on, below those that the system gives to outgoing connections.
free_port() {
  local port
  while port=$((10000 + RANDOM % 22000)) && (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}
