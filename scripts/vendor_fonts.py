"""Fetches the fonts that badges are printed with, at fixed versions, and writes down what they are.

Run it with `python scripts/vendor_fonts.py` where `npm` is installed. The fonts are taken as they are published.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src/badgepin/printing/fonts"
VERSIONS = {
    "noto-sans": "0.4.2",
    "noto-sans-mono": "0.4.2",
    "noto-sans-arabic": "0.4.3",
    "noto-sans-hebrew": "0.4.1",
    "noto-sans-thai": "0.4.2",
}
LICENCE = "OFL-1.1"
# Noto Sans has Latin, Greek, Cyrillic and Devanagari; other scripts have one weight, for names and the lines below
FONTS = {
    "NotoSans-Regular.ttf": ("noto-sans", "400Regular/NotoSans_400Regular.ttf"),
    "NotoSans-Bold.ttf": ("noto-sans", "700Bold/NotoSans_700Bold.ttf"),
    "NotoSansMono-Regular.ttf": ("noto-sans-mono", "400Regular/NotoSansMono_400Regular.ttf"),
    "NotoSansArabic-SemiBold.ttf": ("noto-sans-arabic", "600SemiBold/NotoSansArabic_600SemiBold.ttf"),
    "NotoSansHebrew-SemiBold.ttf": ("noto-sans-hebrew", "600SemiBold/NotoSansHebrew_600SemiBold.ttf"),
    "NotoSansThai-SemiBold.ttf": ("noto-sans-thai", "600SemiBold/NotoSansThai_600SemiBold.ttf"),
}


def main() -> None:
    """Fetch, copy, and write `VENDORED.json`."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch the fonts.")
    TARGET.mkdir(parents=True, exist_ok=True)
    table: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as work:
        packages = [f"@expo-google-fonts/{package}@{version}" for package, version in VERSIONS.items()]
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
        subprocess.run(command, cwd=work, check=True)  # noqa: S603 - fixed names
        modules = Path(work) / "node_modules/@expo-google-fonts"
        for name, (package, file) in FONTS.items():
            shutil.copyfile(modules / package / file, TARGET / name)
            shutil.copyfile(modules / package / "LICENSE_FONT", TARGET / f"{package}.LICENSE")
            table[name] = {
                "package": f"@expo-google-fonts/{package}",
                "version": VERSIONS[package],
                "licence": LICENCE,
                "licenceFile": f"{package}.LICENSE",
                "sha256": hashlib.sha256((TARGET / name).read_bytes()).hexdigest(),
            }
    (TARGET / "VENDORED.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
