"""The shipped fonts are the files that were written down, free to ship, and small."""

import hashlib
import json

from badgepin.printing.typeface import SHIPPED, Weight, typefaces


def test_every_font_is_the_one_that_was_written_down_with_its_licence() -> None:
    table = json.loads((SHIPPED / "VENDORED.json").read_text(encoding="utf-8"))
    files = {path.name for path in SHIPPED.iterdir()}
    assert {name for name in files if name.endswith(".ttf")} == set(table)
    for name, entry in table.items():
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"] == "OFL-1.1"
        assert "SIL Open Font License" in (SHIPPED / entry["licenceFile"]).read_text(encoding="utf-8")
    assert files == set(table) | {entry["licenceFile"] for entry in table.values()} | {"VENDORED.json"}


def test_the_fonts_stay_small_and_every_one_is_used() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2_500_000
    used = {face.path.name for weight in Weight for face in typefaces(weight)}
    assert {path.name for path in SHIPPED.glob("*.ttf")} <= used
