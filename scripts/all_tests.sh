#!/usr/bin/env bash
# Run every test in two processes at once: one for tests that wait for programs of their own, one for all others.
set -uo pipefail

python=$1
with_programs=(tests/browser tests/cli tests/clients tests/docs tests/faults)
said=$(mktemp)
"$python" -m pytest "${with_programs[@]}" >"$said" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null; rm -f "$said"' EXIT

"$python" -m pytest tests "${with_programs[@]/#/--ignore=}"
here=$?
echo "The tests that run programs of their own:"
wait "$other"
there=$?
cat "$said"
exit $((here > there ? here : there))
