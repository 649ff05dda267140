"""HAProxy, as the distribution ships it, in front of the nodes; a cookie `node` asks for a certain one."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from faults.node import Node

WHICH = "node"
"""The cookie that asks for a node, and (as `x-node`) the header that says which one answered."""

_HAPROXY = "/usr/sbin/haproxy"
_CONFIGURATION = """
global
  maxconn 4000
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 12s
  timeout check 500ms
  retries 2
  option redispatch
frontend front
  bind 127.0.0.1:{port}
  default_backend nodes
backend nodes
  balance roundrobin
  option httpchk GET {check}
  option forwardfor
  http-response set-header x-node %s
  default-server check inter 250ms fall 2 rise 1
"""


@contextmanager
def balanced(nodes: Sequence[Node], port: int, folder: Path, check: str) -> Iterator[None]:
    """HAProxy on a port, for as long as the block runs. It repeats a request only where no connection came about."""
    if not Path(_HAPROXY).exists():
        raise AssertionError("HAProxy is missing: `make faults` installs it (Debian package: haproxy).")
    lines = [f"  use-server {node.name} if {{ req.cook({WHICH}) {node.name} }}\n" for node in nodes]
    lines += [f"  server {node.name} 127.0.0.1:{node.port}\n" for node in nodes]
    file = folder / "haproxy.cfg"
    file.write_text(_CONFIGURATION.format(port=port, check=check) + "".join(lines), encoding="utf-8")
    with (
        (folder / "haproxy.log").open("ab") as log,
        subprocess.Popen([_HAPROXY, "-db", "-f", str(file)], stdout=log, stderr=log) as process,
    ):
        try:
            _wait(process, port, file)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, file: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError(file.with_name("haproxy.log").read_text(encoding="utf-8")[-600:])
        try:
            with urlopen(f"http://127.0.0.1:{port}/livez", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("HAProxy sees no node.")
