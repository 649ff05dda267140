#!/usr/bin/env bash
# Fetches the browser libraries of the sign-in page, at fixed versions, and writes down what they are.
# The badge reader is taken as it is published; the Ed25519 fallback is bundled into one module.
set -euo pipefail
cd "$(dirname "$0")/.."
target=src/badgepin/portal/static/vendor
reader=3.1.4
curves=2.4.0
bundler=0.25.11
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$target"
(cd "$work" && npm install --silent --no-audit --no-fund "zxing-wasm@$reader" "@noble/curves@$curves" "esbuild@$bundler")
modules=$work/node_modules
"$modules/.bin/esbuild" "$modules/zxing-wasm/dist/es/reader/index.js" --bundle --format=esm --minify \
	--legal-comments=none --outfile="$target/zxing-reader.js"
# the library's fallback address is somebody else's server: the page names its own, and there is no other
sed -i -E 's#https://[a-z.]+/npm/zxing-wasm@[0-9.]+/dist/#./#g' "$target/zxing-reader.js"
cp "$modules/zxing-wasm/dist/reader/zxing_reader.wasm" "$target/zxing_reader.wasm"
echo 'export { ed25519 } from "@noble/curves/ed25519.js";' >"$work/entry.js"
"$modules/.bin/esbuild" "$work/entry.js" --bundle --format=esm --minify --legal-comments=none \
	--outfile="$target/noble-ed25519.js"
cp "$modules/zxing-wasm/LICENSE" "$target/zxing-wasm.LICENSE"
cp "$modules/@noble/curves/LICENSE" "$target/noble-curves.LICENSE"

python3 - "$target" "$reader" "$curves" <<'PYTHON'
import hashlib, json, pathlib, sys
folder, reader, curves = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
packages = {
    "zxing-reader.js": ("zxing-wasm", reader, "MIT", "zxing-wasm.LICENSE"),
    "zxing_reader.wasm": ("zxing-wasm (zxing-cpp)", reader, "MIT and Apache-2.0", "zxing-wasm.LICENSE"),
    "noble-ed25519.js": ("@noble/curves", curves, "MIT", "noble-curves.LICENSE"),
}
table = {
    name: {
        "package": package,
        "version": version,
        "licence": licence,
        "licenceFile": file,
        "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
    }
    for name, (package, version, licence, file) in packages.items()
}
(folder / "VENDORED.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
PYTHON
