"""The promises the repository makes about itself: pins, hosts, documents and layers."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REGISTRY_HOSTS = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"))
)


def _tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the list of tracked files cannot be had")
    return _tracked_files()


def test_no_tracked_file_names_a_package_registry(tracked: list[Path]) -> None:
    named = [
        f"{path.relative_to(ROOT)}"
        for path in tracked
        if REGISTRY_HOSTS.search(path.read_bytes().decode("utf-8", errors="ignore"))
    ]
    assert named == []


def test_tracked_files_stay_small(tracked: list[Path]) -> None:
    assert [str(path) for path in tracked if path.stat().st_size > 3_000_000] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(pins) > 40
    for pin in pins:
        assert re.match(r"^[A-Za-z0-9._\[\]-]+==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin


def test_every_declared_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        line.split("==")[0].lower()
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    declared = {re.split(r"[><=\[ ]", name)[0].lower() for name in project["dependencies"]}
    assert declared <= pinned


def test_readme_links_lead_somewhere() -> None:
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not re.match(r"[a-z]+:", target):
                assert (ROOT / target).exists(), f"{document} links to {target}"


def test_architecture_names_every_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for package in ("geodata", "loaders", "dashboard"):
        for module in sorted((ROOT / package).glob("*.py")):
            if module.name != "__init__.py":
                assert module.name in text, f"ARCHITECTURE.md does not mention {package}/{module.name}"


def test_the_command_line_starts_without_streamlit() -> None:
    probe = "import sys, dashboard.cli; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=False).returncode == 0
