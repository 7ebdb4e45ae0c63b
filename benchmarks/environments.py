"""An environment of its own for each peer: a venv, torch and numpy as in constraints.txt, the peer.

The first build writes what pip chose into `locked/<peer>.txt`; later builds, on any machine, take
the same versions. To renew a peer, change its line in peers.toml and delete its locked file.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
ENVIRONMENTS = HERE / ".environments"
LOCKED = HERE / "locked"
LAST_LINES = 5  # of pip's log, shown when a build fails


class EnvironmentFailed(Exception):
    """A peer's environment could not be built; says where pip's log is."""


@dataclass(frozen=True)
class Peer:
    """One entry of peers.toml; what its fields mean is said there."""

    name: str
    title: str
    requirements: list[str]
    workloads: list[str]
    imports: str
    options: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=lambda: [""])
    settings: list[str] = field(default_factory=list)

    @property
    def version(self) -> str:
        """What the first requirement pins: a release or a commit."""
        first = self.requirements[0] if self.requirements else ""
        if "==" in first:
            return first.split("==")[1]
        if "git+" in first:
            return f"commit {first.rsplit('@')[-1]}"
        return "a checkout" if Path(first).is_absolute() else ""

    @property
    def folder(self) -> Path:
        return ENVIRONMENTS / self.name

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    @property
    def locked(self) -> Path:
        return LOCKED / f"{self.name}.txt"


def read_peers(checkouts: dict[str, str] | None = None) -> dict[str, Peer]:
    """All peers of peers.toml by name.

    checkouts : peers whose source is taken from a folder on this machine instead.
    """
    entries = tomllib.loads((HERE / "peers.toml").read_text(encoding="utf-8"))
    for name, folder in (checkouts or {}).items():
        entries[name]["requirements"] = [str(Path(folder).resolve())]
    return {name: Peer(name, **entry) for name, entry in entries.items()}


def pinned(package: str) -> str:
    """`package==version`, as constraints.txt has it."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def build(peer: Peer) -> None:
    """Build the peer's environment unless it stands already.

    Raises `EnvironmentFailed` when pip does.
    """
    base = [pinned("torch"), pinned("numpy")]
    recipe = repr((sys.version_info[:2], base, peer.requirements, peer.options))
    recipe = hashlib.sha256(recipe.encode()).hexdigest()
    ready, log = peer.folder / "ready", ENVIRONMENTS / f"{peer.name}.log"
    if ready.exists() and ready.read_text() == recipe:
        return
    print(f"building the environment of {peer.title} (log: {log.relative_to(ROOT)}) …", flush=True)
    ENVIRONMENTS.mkdir(exist_ok=True)
    constraints = ENVIRONMENTS / f"{peer.name}.constraints.txt"
    known = peer.locked.read_text(encoding="utf-8") if peer.locked.exists() else ""
    constraints.write_text("\n".join([*base, known]), encoding="utf-8")
    pip = [str(peer.python), "-m", "pip", "install", "--constraint", str(constraints)]
    with log.open("w", encoding="utf-8") as stream:
        _call([sys.executable, "-m", "venv", "--clear", str(peer.folder)], stream, peer)
        _call([*pip, *base], stream, peer)
        if peer.requirements:
            _call([*pip, *peer.options, *peer.requirements], stream, peer)
    if not peer.locked.exists():
        _lock(peer)
    ready.write_text(recipe)


def _call(command: list[str], log, peer: Peer) -> None:
    if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT).returncode:
        log.flush()
        tail = Path(log.name).read_text(encoding="utf-8").splitlines()[-LAST_LINES:]
        raise EnvironmentFailed(
            f"the environment of {peer.title} could not be built; the end of "
            f"{Path(log.name).relative_to(ROOT)}:\n" + "\n".join(tail)
        )


def _lock(peer: Peer) -> None:
    """Write the versions that pip chose, for packages that an index holds."""
    frozen = subprocess.run(
        [str(peer.python), "-m", "pip", "list", "--format=freeze"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    versions = [line.split("+")[0] for line in frozen.splitlines() if "==" in line]
    kept = [v for v in versions if not re.match(r"(pip|setuptools|torch|sparse_autoencoder)=", v)]
    LOCKED.mkdir(exist_ok=True)
    peer.locked.write_text("".join(f"{v}\n" for v in kept), encoding="utf-8")
