"""Questions to Kartverket's address search: page by page, and in parts where more fits than it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from geodata.errors import SourceError
from loaders.official.addressrows import is_address_answer
from loaders.official.webclient import Progress, Service, WebClient

ADDRESSES: Final = Service("adresser", "Kartverket (adresser)", "https://ws.geonorge.no/adresser/v1")
SEARCH_PATH: Final = "/sok"
LARGEST_PAGE: Final = 1000
WINDOW: Final = 10_000
"""Of a search the service gives no more than the first ten thousand; it refuses pages beyond."""


Question = Mapping[str, str]
Split = Callable[[Question], Sequence[Question]]
"""From a question with too many answers to narrower ones, the likeliest first; none where there are none."""


def ask_addresses(
    client: WebClient, question: Question, *, split: Split, progress: Progress | None = None
) -> list[Mapping[str, Any]]:
    """Return every address that answers `question`, each once, as the service tells it.

    Parameters
    ----------
    question : the service's own parameters, without paging.
    split : asked where more addresses fit than :data:`WINDOW`. Parts are asked until all are found.
    progress : told ``addresses``, how many have come, and of how many.

    Raises
    ------
    SourceError
        ``geonorge.window`` where more fit than the service gives and the parts do not add up to them;
        ``geonorge.changing`` where pages do not add up to what they say; what the client raises.
    """
    first = _ask_page(client, question, 0)
    total = _total(first)
    if total < WINDOW:
        return _collect(client, question, first, progress)
    found: list[Mapping[str, Any]] = []
    for part in split(question):
        # Where the count stands at the limit there may be more: then every part is asked.
        if len(found) >= total > WINDOW:
            break
        found += ask_addresses(client, part, split=split)
        if progress is not None:
            progress("addresses", len(found), total)
    if len(found) < total or (len(found) > total > WINDOW):
        raise SourceError("geonorge.window", service=client.service.title, total=total, limit=WINDOW)
    return found


def _collect(
    client: WebClient, question: Question, first: Mapping[str, Any], progress: Progress | None
) -> list[Mapping[str, Any]]:
    """Return all pages of a question; pages kept on different days may not fit, then all are asked again."""
    total, found = 0, list[Mapping[str, Any]]()
    for keep in (True, False):
        begun = first if keep else _ask_page(client, question, 0, keep=False)
        total, found = _total(begun), []
        for page in _ask_pages(client, question, begun, keep=keep):
            found += [one for one in page["adresser"] if isinstance(one, Mapping)]
            if progress is not None:
                progress("addresses", len(found), total)
            if _total(page) != total:
                break
        if len(found) == total and len({_identify(one) for one in found}) == total:
            return found
    raise SourceError("geonorge.changing", service=client.service.title, total=total, found=len(found))


def _ask_pages(
    client: WebClient, question: Question, first: Mapping[str, Any], *, keep: bool
) -> Iterator[Mapping[str, Any]]:
    yield first
    pages = min(-(-_total(first) // LARGEST_PAGE), WINDOW // LARGEST_PAGE)
    for number in range(1, pages):
        yield _ask_page(client, question, number, keep=keep)


def _ask_page(client: WebClient, question: Question, number: int, *, keep: bool = True) -> Mapping[str, Any]:
    # asciiKompatibel: Sami names come as they are written, not as escapes
    paging = {"treffPerSide": str(LARGEST_PAGE), "side": str(number), "asciiKompatibel": "false"}
    answer = client.ask_json(
        SEARCH_PATH,
        params={**question, "utkoordsys": "4258", **paging},
        check=is_address_answer,
        keep=keep,
    )
    page: Mapping[str, Any] = answer.value
    return page


def _total(page: Mapping[str, Any]) -> int:
    return int(page["metadata"]["totaltAntallTreff"])


def _identify(address: Mapping[str, Any]) -> str:
    """Return everything that an address says: two that are alike in all are one that came twice."""
    return repr(sorted((str(key), repr(value)) for key, value in address.items()))
