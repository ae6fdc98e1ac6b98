"""The road networks that can be chosen: the embedded main roads, and network files that lie in one folder.

Files are listed by what they say of themselves, without their arrays; a file that cannot be read is listed
with the reason. Networks of one name and date, built for several vehicles, are one network with several
profiles.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import platformdirs

from geodata.errors import NetworkError, RefusedFileError
from geodata.network import LEAST_COST, PROFILES, RoadNetwork
from geodata.roads import Network
from loaders.graphnetworks import read_graph_network
from loaders.networkfiles import SUFFIX, NetworkRecord, read_network_facts
from loaders.roads import DATE, LICENCE, NAME, read_road_network
from loaders.vehicles import read_vehicles

FOLDER_SETTING: Final = "SYMBIOSEKART_NETWORKS"
"""Environment variable: the folder of network files."""
MAIN_ROADS: Final = "main_roads"
"""Key, and group, of the embedded network by least cost."""
MOST_FILES: Final = 200
SHORTEST_PREFIX: Final = 8


@dataclass(frozen=True)
class ShelvedNetwork:
    """One network for one profile.

    Attributes
    ----------
    key : what :func:`read_shelved` reads it by: the digest of a file's graph, or the embedded network's name.
    group : networks of one name and date have one group; in links.
    profile : key of the vehicle, or of :data:`geodata.network.PROFILES`.
    name, date, licence, attribution : in the words of the source.
    path : the file; None for the embedded network.
    """

    key: str
    group: str
    profile: str
    name: str
    date: str
    licence: str
    attribution: str
    path: Path | None = None


@dataclass(frozen=True)
class Shelf:
    """What can be chosen (the embedded network first), and files that cannot, with the reason."""

    networks: tuple[ShelvedNetwork, ...]
    faulty: tuple[RefusedFileError, ...] = ()

    @property
    def groups(self) -> dict[str, tuple[ShelvedNetwork, ...]]:
        """Group -> its networks, one a profile."""
        found: dict[str, list[ShelvedNetwork]] = {}
        for network in self.networks:
            found.setdefault(network.group, []).append(network)
        return {group: tuple(members) for group, members in found.items()}

    def find(self, text: str) -> ShelvedNetwork | None:
        """Return the network that a link means: a group, a file's name, or the beginning of a digest."""
        for network in self.networks:
            stem = network.path.stem if network.path is not None else MAIN_ROADS
            begins = len(text) >= SHORTEST_PREFIX and network.key.startswith(text)
            if text in (network.group, network.key, stem) or begins:
                return network
        return None


def find_shelf_folder() -> Path:
    """Return the folder of network files: the one set by :data:`FOLDER_SETTING`, else the user's own."""
    told = os.environ.get(FOLDER_SETTING)
    return (
        Path(told) if told else Path(platformdirs.user_data_dir("symbiosekart", appauthor=False)) / "networks"
    )


def list_shelf(folder: Path | None = None) -> Shelf:
    """List what can be chosen; a folder that is not there holds nothing."""
    folder = find_shelf_folder() if folder is None else folder
    networks = [
        ShelvedNetwork(_key_main_roads(profile), MAIN_ROADS, profile, NAME, DATE, LICENCE, "")
        for profile in PROFILES
    ]
    faulty: list[RefusedFileError] = []
    seen: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for path in _list_files(folder):
        try:
            stat = path.stat()
            record = _read_record(path, stat.st_mtime_ns, stat.st_size)
        except RefusedFileError as error:
            faulty.append(error)
            continue
        except OSError:
            faulty.append(RefusedFileError("file.not_found", file=path.name))
            continue
        if record.digest in seen:
            continue
        seen.add(record.digest)
        facts = record.facts
        group = name_group(facts.name or path.stem, facts.source_date)
        if (group, facts.profile) in taken:
            group = f"{group}-{record.digest[:8]}"
        taken.add((group, facts.profile))
        networks.append(
            ShelvedNetwork(
                record.digest,
                group,
                facts.profile,
                facts.name or path.stem,
                facts.source_date,
                facts.licence,
                facts.attribution,
                path,
            )
        )
    order = _order_profiles()
    networks.sort(
        key=lambda n: (n.path is not None, n.name.casefold(), n.group, order.get(n.profile, len(order)))
    )
    return Shelf(tuple(networks), tuple(faulty))


@lru_cache(maxsize=1)
def _order_profiles() -> dict[str, int]:
    return {profile: place for place, profile in enumerate((*PROFILES, *read_vehicles()))}


def name_group(name: str, date: str) -> str:
    """Return a network's name and date as a short word for links, in letters and digits."""
    text = unicodedata.normalize("NFKD", f"{name} {date}".casefold().translate(str.maketrans("øæ", "oa")))
    word = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode()).strip("-")
    return word[:60] or "network"


def read_shelved(key: str, *, folder: Path | None = None) -> Network:
    """Read a network by its key, with the land beside it.

    Raises
    ------
    NetworkError
        ``network.gone`` when no file has this digest any longer.
    RefusedFileError
        What :func:`loaders.networkfiles.read_network` raises.
    """
    for profile in PROFILES:
        if key == _key_main_roads(profile):
            return _read_main_roads().with_profile(profile)
    found = next((n for n in list_shelf(folder).networks if n.key == key and n.path is not None), None)
    if found is None or found.path is None:
        raise NetworkError("network.gone", network=key[:12])
    network = read_graph_network(found.path)
    if network.digest != key:  # replaced since it was listed
        raise NetworkError("network.gone", network=key[:12])
    return network


def _key_main_roads(profile: str) -> str:
    return MAIN_ROADS if profile == LEAST_COST else f"{MAIN_ROADS}.{profile}"


def _list_files(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith(".")]
    except OSError:
        return []
    return sorted(found)[:MOST_FILES]


@lru_cache(maxsize=MOST_FILES)
def _read_record(path: Path, changed_ns: int, size: int) -> NetworkRecord:
    """Return what a file says of itself; read anew when it was written anew (time or size changed)."""
    return read_network_facts(path)


@lru_cache(maxsize=1)
def _read_main_roads() -> RoadNetwork:
    return read_road_network()
