"""An installation for the commands to work on: made once, copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.cli.installation import DOMAIN, badgepin


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `badgepin init` makes, untouched."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    made = badgepin("init", "--domain", DOMAIN, data=folder)
    assert made.code == 0, made.err
    return folder


@pytest.fixture
def data(founded: Path, tmp_path: Path) -> Path:
    """An installation of one's own."""
    folder = tmp_path / "data"
    shutil.copytree(founded, folder)
    folder.chmod(0o700)
    return folder


@pytest.fixture
def staffed(data: Path) -> Path:
    """An installation with one person, Ada."""
    added = badgepin("users", "add", f"ada@{DOMAIN}", "--name", "Ada Okafor", data=data)
    assert added.code == 0, added.err
    return data
