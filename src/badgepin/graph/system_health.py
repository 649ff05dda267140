"""Beyond Graph: what an administrator should know about the installation, and what to do about it."""

from badgepin.domain.finding import Finding
from badgepin.graph.body import Json
from badgepin.graph.json import collection
from badgepin.graph.request import GraphRequest, GraphResponse
from badgepin.services.system_health import Node, examine
from badgepin.web.node_clock import host_clock


async def list_findings(request: GraphRequest) -> GraphResponse:
    """GET every finding on database, keys, audit log, certificate and disk, the good ones too."""
    installation = request.installation
    node = Node(installation.settings, installation.keys, installation.held.trouble, host_clock())
    findings = await request.installation.database.read(lambda tx: examine(tx, request.call, node))
    return request.answer(collection(request.context("badgepin/health"), [finding_json(each) for each in findings]))


def finding_json(finding: Finding) -> Json:
    """`healthFinding`."""
    return {
        "id": finding.check,
        "verdict": finding.verdict.value,
        "code": finding.code,
        "finding": finding.sentence,
        "values": dict(finding.values),
    }
