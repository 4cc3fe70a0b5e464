#!/usr/bin/env bash
# play.sh PATH: everything once, under an issuer with this path (or none).
#
# Server and clients share a clock that the tests move (Debian's faketime), so that a key is rotated in its stages and a
# token expires while nobody waits.
set -euo pipefail
. tests/machine/serve.sh

library=$(find /usr/lib -name libfaketimeMT.so.1 | head -1)
export FAKETIME_TIMESTAMP_FILE="$FOLDER/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
echo "+0" >"$FAKETIME_TIMESTAMP_FILE"

write_settings
sed -i "s#^POSTERN_URL=.*#&$1#" "$FOLDER/.env"
# LibreChat takes no issuer by plain http, so Postern makes a certificate of its own.
sed -i 's#^POSTERN_URL=http:#POSTERN_URL=https:#' "$FOLDER/.env"
printf "%s\n" POSTERN_TLS=internal POSTERN_DYNAMIC_REGISTRATION=token >>"$FOLDER/.env"
export NODE_EXTRA_CA_CERTS="$FOLDER/data/postern.ca.pem" REQUESTS_CA_BUNDLE="$FOLDER/data/postern.ca.pem"
start "$FOLDER/postern.log" env -C "$FOLDER" LD_PRELOAD="$library" "$POSTERN" serve
POSTERN_URL=$(sed -n 's/^POSTERN_URL=//p' "$FOLDER/.env")
echo "Postern answers on $ADDRESS as $POSTERN_URL"
export POSTERN_URL

LD_PRELOAD="$library" node --test --test-concurrency=1 tests/relying_parties/*.test.js
LD_PRELOAD="$library" PYTHONDONTWRITEBYTECODE=1 python tests/relying_parties/authlib_story.py
