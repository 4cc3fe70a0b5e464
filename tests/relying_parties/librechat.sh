#!/usr/bin/env bash
# librechat.sh PATH: LibreChat, under an issuer with this path (or none).
#
# Server and chat share a clock that the tests move (Debian's faketime), so that a key is rotated in its stages and a
# token expires while nobody waits.
set -euo pipefail
. tests/relying_parties/serve.sh

library=$(find /usr/lib -name libfaketimeMT.so.1 | head -1)
export FAKETIME_TIMESTAMP_FILE="$FOLDER/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
echo "+0" >"$FAKETIME_TIMESTAMP_FILE"

# LibreChat takes no issuer by plain http, so Postern makes a certificate of its own.
write_settings POSTERN_TLS=internal
start_by_https "$1" LD_PRELOAD="$library"
LD_PRELOAD="$library" node --test tests/relying_parties/librechat.test.js
