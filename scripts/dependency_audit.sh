#!/usr/bin/env bash
# Look a lock's packages up in the database of known vulnerabilities:
#   dependency_audit.sh PIP_AUDIT LOCK
# An audit that could not ask anybody fails and says so: silence must not look like a clean bill of health.
set -uo pipefail

said=$("$1" --requirement "$2" --require-hashes --disable-pip --progress-spinner off --timeout 10 2>&1)
status=$?
locked=$(grep -c '^[a-z0-9.-]*==' "$2")
skipped=$(grep -c 'could not be audited' <<<"$said")
if [ "$skipped" -gt 0 ] || { [ "$status" -ne 0 ] && ! grep -q '^Found ' <<<"$said"; }; then
	[ "$skipped" -gt 0 ] || skipped=$locked
	echo "No advisory service can be reached from here: nothing was looked up for $skipped of $locked packages." >&2
	exit 2
fi
echo "$said"
exit "$status"
