#!/usr/bin/env bash
# apps.sh PATH: every app but LibreChat, under an issuer with this path (or none).
set -euo pipefail
. tests/relying_parties/serve.sh

# Apache is told of logouts on this machine.
write_settings POSTERN_TLS=internal POSTERN_CLIENTS_FILE=clients.toml POSTERN_ALLOW_PRIVATE_ADDRESSES=127.0.0.1/32 \
  POSTERN_DYNAMIC_REGISTRATION=token
FORM_POST_PORT=$(free_port)
export FORM_POST_PORT
node tests/relying_parties/keys.js "$FOLDER" "$FORM_POST_PORT"
start_by_https "$1"

node --test --test-concurrency=1 tests/relying_parties/openid_client_{5,6}.test.js
node --test tests/relying_parties/mod_auth_openidc.test.js || { cat "$FOLDER/apache.log"; exit 1; }

# What is not written in JavaScript asks a server for its browser.
start "$FOLDER/hands.log" node tests/relying_parties/hands.js
export HANDS=$ADDRESS
export REQUESTS_CA_BUNDLE="$NODE_EXTRA_CA_CERTS" SSL_CERT_FILE="$NODE_EXTRA_CA_CERTS"
PYTHONDONTWRITEBYTECODE=1 python tests/relying_parties/authlib_story.py
"$TARGET/relying_parties/debug/relying-party"
