#!/usr/bin/env bash
# chain.sh PATH: LibreChat, behind which stands Postern, its issuer with this path (or none), behind which stands another
# provider. Chat and Postern read one .env, as the two do that live on one machine: its OPENID_ settings are the chat's,
# and the provider's stand in a file.
set -euo pipefail
. tests/relying_parties/serve.sh

UPSTREAM_PORT=$(free_port)
export UPSTREAM_PORT
# LibreChat takes no issuer by plain http, so Postern makes a certificate of its own.
write_settings POSTERN_TLS=internal POSTERN_CONNECTORS_FILE=connectors.toml POSTERN_ALLOW_PRIVATE_ADDRESSES=127.0.0.1/32
node --no-warnings tests/federation/connector.js upstream "http://127.0.0.1:$UPSTREAM_PORT" upstream_logout=standard \
  >"$FOLDER/connectors.toml"
sed -i "s#^POSTERN_URL=http:\(.*\)#POSTERN_URL=https:\1$1#" "$FOLDER/.env"
for app in chat-own chat-reuse; do
  how=()
  [ "$app" = chat-own ] || how=(--reuse-tokens)
  (cd "$FOLDER" && "$POSTERN" client add "$app" --for librechat --url "http://localhost:$(free_port)" "${how[@]}") \
    >"$FOLDER/$app.env" 2>"$FOLDER/$app.log"
done
cat "$FOLDER/chat-own.env" >>"$FOLDER/.env"
(cd "$FOLDER" && "$POSTERN" user create --email operator@example.com --generate-password >/dev/null)
start_by_https ""
node --test tests/federation/chain.js
