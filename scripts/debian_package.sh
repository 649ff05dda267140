#!/usr/bin/env bash
# Install one Debian package where that needs no question to be answered; otherwise say in one line what is missing.
set -euo pipefail

package=$1
refuse() {
    echo "The Debian package $package is needed and cannot be installed from here: run 'apt-get install $package' as root." >&2
    exit 1
}

command -v apt-get >/dev/null || refuse
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || refuse
    as_root=(sudo -n)
fi
echo "Installing the Debian package $package." >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet)
"${apt[@]}" update >/dev/null || true
"${apt[@]}" install --yes --no-install-recommends "$package" >/dev/null || refuse
