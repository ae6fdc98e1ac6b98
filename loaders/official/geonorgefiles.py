"""Files of Geonorge's download service: by their names, or by an order where a name is not known.

Names follow one pattern, ``Basisdata_{area}_{name}_{EPSG}_{set}_{format}.zip``. The name of a county has no
æ, ø or å in it, and those of more than one word are not all written alike: each way is tried.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from geodata.errors import RefusedFileError, SourceError
from loaders.official.webclient import Download, Progress, Service, WebClient

DOWNLOADS: Final = Service("geonorge", "Geonorge (Kartverket)", "https://nedlasting.geonorge.no")
LICENCE: Final = "CC BY 4.0"
ATTRIBUTION: Final = "© Kartverket"
WHOLE_COUNTRY: Final = "0000"
READY: Final = "readyfordownload"
_LETTERS: Final = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "Ae", "Ø": "O", "Å": "A", "đ": "d"})


@dataclass(frozen=True)
class DataSet:
    """A data set of the download service.

    Attributes
    ----------
    key : its name in files and folders. identifier : its UUID in Geonorge's catalogue.
    format : as files are named. epsg : the grid that is asked for.
    """

    key: str
    identifier: str
    format: str
    epsg: str = "25833"


def list_file_names(data_set: DataSet, *, area: str, name: str) -> tuple[str, ...]:
    """Return the paths that the file of an area may have, the likeliest first.

    Parameters
    ----------
    area : county number, or :data:`WHOLE_COUNTRY`. name : of the county in Norwegian.

    Examples
    --------
    >>> list_file_names(DataSet("MatrikkelenAdresse", "", "CSV"), area="50", name="Trøndelag")[0]
    'geonorge/Basisdata/MatrikkelenAdresse/CSV/Basisdata_50_Trondelag_25833_MatrikkelenAdresse_CSV.zip'
    """
    plain = unicodedata.normalize("NFKD", ("Norge" if area == WHOLE_COUNTRY else name).translate(_LETTERS))
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in plain).split()
    spelt = dict.fromkeys(separator.join(words) for separator in ("_", "", "-"))
    folder = f"geonorge/Basisdata/{data_set.key}/{data_set.format}"
    return tuple(
        f"{folder}/Basisdata_{area}_{one}_{data_set.epsg}_{data_set.key}_{data_set.format}.zip"
        for one in spelt
    )


def download_file(
    client: WebClient,
    data_set: DataSet,
    target: Path,
    *,
    area: str,
    name: str = "Norge",
    progress: Progress | None = None,
) -> tuple[Download, str]:
    """Download the zip of an area, resumed where a run was broken; return it and the path it had.

    Raises
    ------
    SourceError
        ``geonorge.no_file`` where neither a name nor an order leads to one; what the client raises.
    """
    for path in list_file_names(data_set, area=area, name=name):
        try:
            return client.download(path, target, check=check_zip, progress=progress), path
        except SourceError as error:
            if error.code != "source.refused" or error.values.get("status") not in (403, 404, 410):
                raise
    path = order_file(client, data_set, area=area)
    return client.download(path, target, check=check_zip, progress=progress), path


def order_file(client: WebClient, data_set: DataSet, *, area: str) -> str:
    """Order the file of an area and return where it lies, under the service's address.

    The service lists the areas of a data set with the formats and grids of each; an order of a file that is
    there already is ready at once.

    Raises
    ------
    SourceError
        ``geonorge.no_file`` where the set has no such area or format, or the file is still to be made.
    """
    missing = SourceError(
        "geonorge.no_file", service=client.service.title, name=data_set.key, area=area, format=data_set.format
    )
    listed = client.ask_json(
        f"api/codelists/area/{data_set.identifier}",
        check=lambda value: isinstance(value, list),
        absent=frozenset({404}),
    )
    areas = listed.value if isinstance(listed.value, list) else []
    own = next((one for one in areas if isinstance(one, dict) and str(_get(one, "code")) == area), None)
    chosen = _find_format(own or {}, data_set)
    if own is None or chosen is None:
        raise missing
    line = {
        "metadataUuid": data_set.identifier,
        "areas": [{key: str(_get(own, key) or "") for key in ("code", "type", "name")}],
        "projections": [
            {
                "code": data_set.epsg,
                "name": f"EPSG:{data_set.epsg}",
                "codespace": f"http://www.opengis.net/def/crs/EPSG/0/{data_set.epsg}",
            }
        ],
        "formats": [{"name": chosen}],
    }
    order = client.ask_json(
        "api/order",
        body={"orderLines": [line]},
        check=lambda value: isinstance(value, dict) and isinstance(_get(value, "files"), list),
        keep=False,
    )
    for file in _get(order.value, "files"):
        address = _get(file, "downloadUrl") if isinstance(file, dict) else None
        status = str(_get(file, "status") or READY).casefold() if isinstance(file, dict) else ""
        if isinstance(address, str) and status == READY:
            return _own_path(client, address, missing)
    raise missing


def check_zip(path: Path) -> None:
    """Refuse what is no whole zip (``file.damaged``)."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not archive.namelist():
                raise RefusedFileError("file.damaged", file=path.name)
    except (zipfile.BadZipFile, EOFError) as error:
        raise RefusedFileError("file.damaged", file=path.name) from error


def _own_path(client: WebClient, address: str, missing: SourceError) -> str:
    """Return the path of an address that the service gave; one on another host is not the service's."""
    given, own = urlsplit(address), urlsplit(client.address)
    hosts = {own.netloc, urlsplit(client.service.address).netloc}
    if given.netloc not in hosts:
        raise missing
    return given.path.lstrip("/") + (f"?{given.query}" if given.query else "")


def _find_format(area: Mapping[str, Any], data_set: DataSet) -> str | None:
    formats: Sequence[Any] = _get(area, "formats") if isinstance(_get(area, "formats"), list) else []
    for one in formats:
        name = _get(one, "name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name.strip().casefold() != data_set.format.casefold():
            continue  # the service writes some formats with a space behind them
        grids = _get(one, "projections")
        codes = {str(_get(grid, "code")) for grid in grids or [] if isinstance(grid, dict)}
        if not codes or data_set.epsg in codes:
            return name
    return None


def _get(value: Mapping[str, Any], key: str) -> Any:
    """Return a member by its name in any casing: the service's two generations differ."""
    return next((found for name, found in value.items() if str(name).casefold() == key.casefold()), None)
