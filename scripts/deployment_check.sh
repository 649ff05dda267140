#!/usr/bin/env bash
# Lint what stands in deploy/: deployment_check.sh FOLDER, where FOLDER is a virtual environment from requirements/deployment.txt.
# What needs a program of the machine's (systemd-analyze, promtool) is left out with a line where there is none.
set -euo pipefail

tools=$1/bin
kubernetes=1.33
# systemd-analyze: 0 is a service in a safe, 10 one without any protection; ours is at 1.3
most_exposed=20

"$tools/yamllint" --strict --config-file deploy/yamllint.yaml deploy
"$tools/hadolint" deploy/container/Containerfile
"$tools/check-jsonschema" --quiet --builtin-schema vendor.compose-spec deploy/container/compose.yaml
"$tools/kubernetes-validate" --quiet --strict --kubernetes-version "$kubernetes" deploy/kubernetes/*.yaml

if command -v systemd-analyze >/dev/null; then
    units=$(mktemp -d)
    trap 'rm -rf "$units"' EXIT
    # the program is not installed here
    sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' deploy/systemd/badgepin.service >"$units/badgepin.service"
    systemd-analyze verify "$units/badgepin.service"
    systemd-analyze security --offline=true --threshold="$most_exposed" "$units/badgepin.service" | tail -1
else
    echo "Left out: the unit file (systemd-analyze is not on this machine)."
fi

if command -v promtool >/dev/null; then
    promtool check config deploy/prometheus/scrape.yml >/dev/null
    promtool test rules deploy/prometheus/badgepin.tests.yml >/dev/null
    echo "Alert rules: checked and tested."
else
    echo "Left out: the alert rules (promtool is not on this machine; it is in Debian's package prometheus)."
fi
