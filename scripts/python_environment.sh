#!/usr/bin/env bash
# Build or refresh a virtual environment from a lock with hashes:
#   python_environment.sh FOLDER LOCK [--with-badgepin]
# Packages come from wherever this machine's pip takes them. uv does the work where pip has no index of its own
# configured (uv does not read pip's configuration); plain pip does it otherwise, or when uv fails.
set -euo pipefail

folder=$1 lock=$2 badgepin=${3:-}
python=$folder/bin/python

interpreter() {
    local name
    for name in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or newer is needed (Debian package: python3). Set PYTHON=/path/to/python3 to choose one." >&2
    exit 1
}

create() {
    local chosen
    chosen=$(interpreter)
    if ! "$chosen" -c 'import ensurepip, venv' 2>/dev/null; then
        bash scripts/debian_package.sh python3-venv
    fi
    "$chosen" -m venv --clear "$folder"
}

install() {
    if [ -x "$folder/bin/uv" ] && ! "$python" -m pip config list | grep -q 'index-url\|no-index'; then
        "$folder/bin/uv" pip install --quiet --compile-bytecode --python "$python" "$@" && return
        echo "uv could not install; trying pip." >&2
    fi
    "$python" -m pip install --quiet "$@"
}

"$python" -c 'import pip' 2>/dev/null || create
"$python" -m pip install --quiet --require-hashes --requirement requirements/boot.txt
install --require-hashes --requirement "$lock"
if [ "$badgepin" = --with-badgepin ]; then
    install --no-deps --no-build-isolation --editable .
    # even where the environment forbids Python to write bytecode: without it every start compiles anew
    "$python" -m compileall -q src/badgepin
fi
