#!/usr/bin/env bash
# Mutation testing of the pure rules: mutmut changes src/badgepin/domain in a copy, tests/domain must notice.
#   mutate_domain.sh FOLDER_WITH_MUTMUT
# Prints how many of how many were killed, and writes those that were not to dist/mutants-of-the-domain.txt.
set -euo pipefail

bin=$(realpath "$1")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p dist
result=$(realpath dist)/mutants-of-the-domain.txt
# mutmut works in a folder called `mutants`, which is taken here
cp -r src tests scripts pyproject.toml "$copy"
cd "$copy"
cat >>pyproject.toml <<'TOML'

[tool.mutmut]
source_paths = ["src/badgepin/domain"]
pytest_add_cli_args_test_selection = ["tests/domain"]
also_copy = ["src", "tests", "scripts"]
TOML
"$bin/mutmut" run --max-children 2 >mutmut.log 2>&1 || true
"$bin/mutmut" results >"$result" 2>&1
total=$(grep -aoE '[0-9]+/[0-9]+' mutmut.log | tail -1 | cut -d/ -f2)
left=$(grep -cE ': (survived|no tests|timeout|suspicious|not checked)$' "$result" || true)
[ -n "$total" ] || { tail -c 400 mutmut.log >&2; exit 2; }
echo "domain: killed $((total - left)) of $total ($((100 * (total - left) / total)) %); the others: dist/mutants-of-the-domain.txt"
