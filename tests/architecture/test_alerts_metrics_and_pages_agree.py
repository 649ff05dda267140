"""Rules, their pages and the metrics they ask for agree; what is deployed uses settings that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from badgepin.settings import Settings, host_and_port, read_settings
from badgepin.web.metrics import Metrics
from tests.architecture.tree import ROOT, files, read

RULES = (ROOT / "deploy/prometheus/badgepin.rules.yml").read_text(encoding="utf-8")
ALERTS = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
NAMED = re.compile(r"\bbadgepin_[a-z_]+\b")
ENDINGS = ("_bucket", "_count", "_sum", "_created")
VARIABLE = re.compile(r"\bBADGEPIN_([A-Z_]+)\b")


def _defined() -> Iterator[str]:
    """Every metric that the code makes, as Prometheus shows it."""
    for family in Metrics().registry.collect():
        if family.name.startswith("badgepin_"):
            yield f"{family.name}_total" if family.type == "counter" else family.name
    vitals = read(Path("src/badgepin/web/vitals.py"))
    for kind, name in re.findall(r"(_gauge|_counter|GaugeMetricFamily)\(\s*\"(badgepin_\w+)\"", vitals):
        yield f"{name}_total" if kind == "_counter" else name


def _base(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def test_the_page_lists_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(badgepin_\w+)` \|", OPERATING, re.MULTILINE)
    assert sorted(rows) == sorted(set(_defined()))


def test_every_metric_that_a_rule_or_a_page_names_exists() -> None:
    defined = set(_defined())
    expressions = re.findall(r"expr: >-\n\s+(.+)", RULES)
    assert len(expressions) > 15
    asked = {_base(name) for text in (*expressions, ALERTS) for name in NAMED.findall(text)}
    assert asked <= defined


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert re.findall(r"^## (\w+)$", ALERTS, re.MULTILINE) == alerts
    assert re.findall(r"runbook: docs/alerts\.md#(\w+)", RULES) == [name.lower() for name in alerts]


def test_every_alert_s_page_says_what_it_means_where_to_look_what_to_do_and_when_to_worry() -> None:
    for section in ALERTS.split("\n## ")[1:]:
        parts = re.findall(r"^\*\*([\w ]+)\.\*\* \S", section, re.MULTILINE)
        assert parts == ["It means", "Look at", "Do", "Worry"], section.splitlines()[0]


@pytest.mark.parametrize("path", [path for path in files() if path.parts[0] == "deploy"], ids=str)
def test_what_is_deployed_uses_settings_that_exist(path: Path) -> None:
    names = {name.lower() for name in VARIABLE.findall(read(path))}
    assert names <= set(Settings.__struct_fields__)


def test_the_ports_of_the_files_are_those_of_the_settings() -> None:
    manifest = read(Path("deploy/kubernetes/badgepin.yaml"))
    variables = dict(re.findall(r"^  (BADGEPIN_\w+): \"(.+)\"$", manifest, re.MULTILINE))
    settings = read_settings("/var/lib/badgepin", environment=variables)
    _, metrics = host_and_port(settings.metrics_listen)
    assert f"{{name: metrics, containerPort: {metrics}}}" in manifest
    assert f"{{name: http, containerPort: {settings.port}}}" in manifest
    seconds = int(re.findall(r"terminationGracePeriodSeconds: (\d+)", manifest)[0])
    # the listener gives running requests 15 seconds after the drain
    assert seconds >= settings.drain_seconds + 15
