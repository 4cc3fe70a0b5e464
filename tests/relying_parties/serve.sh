# shellcheck shell=bash
# Postern as apps of any kind meet it: by https, with a certificate of its own, below a path or not.
. tests/machine/serve.sh

# start_by_https PATH [COMMAND...]: starts it through COMMAND, such as `env`; its address is then $POSTERN_URL.
start_by_https() {
  local path=$1
  shift
  sed -i "s#^POSTERN_URL=http:\(.*\)#POSTERN_URL=https:\1$path#" "$FOLDER/.env"
  export NODE_EXTRA_CA_CERTS="$FOLDER/data/postern.ca.pem"
  start "$FOLDER/postern.log" env -C "$FOLDER" "$@" "$POSTERN" serve
  POSTERN_URL=$(sed -n 's/^POSTERN_URL=//p' "$FOLDER/.env")
  export POSTERN_URL
  echo "Postern answers on $ADDRESS as $POSTERN_URL"
}
