#!/usr/bin/env bash
# Run every test in two processes that take about as long: one for tests that run programs of their own or need no
# database, one for all others.
set -uo pipefail

python=$1
apart=(tests/browser tests/cli tests/clients tests/docs tests/faults
    tests/architecture tests/crypto tests/domain tests/printing)
said=$(mktemp)
"$python" -m pytest "${apart[@]}" >"$said" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null; rm -f "$said"' EXIT

"$python" -m pytest tests "${apart[@]/#/--ignore=}"
here=$?
echo "The tests that run programs of their own or need no database:"
wait "$other"
there=$?
cat "$said"
exit $((here > there ? here : there))
