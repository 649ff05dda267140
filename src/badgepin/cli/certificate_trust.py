"""How a device is told to trust a private authority, in the words that `badgepin certificates create` prints."""

from pathlib import Path

_NICKNAME = "Badgepin trial"

_WAYS = """\
Have each device that takes part trust {authority}, and no other file of that folder:
  Debian, Ubuntu  sudo cp {authority} /usr/local/share/ca-certificates/badgepin-trial.crt && sudo update-ca-certificates
  Chrome on Linux certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "{nickname}" -i {authority}
  Windows         certutil -addstore -f Root {name}          (as administrator; Edge and Chrome too)
  macOS           sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {name}
  Firefox         Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import
  Android         Settings > Security > Encryption & credentials > Install a certificate > CA certificate
  iOS, iPadOS     open the file, install the profile, then Settings > General > About > Certificate Trust Settings
  Node.js         NODE_EXTRA_CA_CERTS={authority}
  Python          SSL_CERT_FILE={authority}   (requests, MSAL: REQUESTS_CA_BUNDLE)
  curl            --cacert {authority}
When the trial is over, remove it again. docs/tls.md says how.
"""


def how_to_trust(authority: Path) -> str:
    """A line for each kind of device and program."""
    return _WAYS.format(authority=authority.absolute(), name=authority.name, nickname=_NICKNAME)
