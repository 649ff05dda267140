#!/usr/bin/env bash
# Lock the npm packages of a folder: every one with its hash, none with an address.
set -euo pipefail
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apart from installed packages, beside which npm leaves hashes out
cp "$folder/package.json" "$work"
npm install --prefix "$work" --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent
python3 - "$work/package-lock.json" "$folder/package-lock.json" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as stream:
    lock = json.load(stream)
for entry in lock["packages"].values():
    entry.pop("funding", None)
with open(sys.argv[2], "w", encoding="utf-8") as stream:
    json.dump(lock, stream, indent=2)
    stream.write("\n")
PYTHON
