"""The client of official services against a played one: nothing lost, nothing kept that is not whole."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geodata.errors import RefusedFileError, SourceError
from loaders.official.attempts import ATTEMPTS, LONGEST_WAIT_S, read_retry_after
from loaders.official.keptanswers import read_answer, write_answer
from loaders.official.webclient import Service, WebClient
from tests.loaders.played import Asked, Fault, Played, Reply, cut, html, play, status

PAUSE_S = 0.25
BIG = bytes(range(256)) * 4096


def make_client(played: Played, waits: list[float] | None = None, **more: Any) -> WebClient:
    service = Service(
        "played", "Prøvetjenesten", "https://unused.example", PAUSE_S, more.pop("per_minute", None)
    )
    told = [] if waits is None else waits
    return WebClient(service, address=played.address, wait=told.append, **more)


def is_page(value: Any) -> bool:
    return isinstance(value, dict) and "rows" in value


def answer_rows(asked: Asked) -> Reply:
    return Reply(body={"rows": [asked.one("page"), asked.one("name")], "method": asked.method})


def test_a_question_is_sent_as_it_is_and_says_who_asks() -> None:
    with play(answer_rows) as played, make_client(played) as client:
        answer = client.ask_json(
            "/api/units", params=[("page", "0"), ("name", "Bjørn & Sønn")], check=is_page
        )
    assert answer.value["rows"] == ["0", "Bjørn & Sønn"]
    asked = played.asked[0]
    assert asked.path == "/api/units"
    assert asked.headers["User-Agent"].startswith("Symbiosekart")
    assert asked.headers["Accept"] == "application/json"


def test_a_body_is_posted() -> None:
    with play(lambda asked: Reply(body={"rows": asked.json()})) as played, make_client(played) as client:
        answer = client.ask_json("/q", body={"query": ["æ"]}, check=is_page)
    assert answer.value["rows"] == {"query": ["æ"]}


@pytest.mark.parametrize("fault", [status(429, retry_after="7"), status(500), cut(), cut(0.0), html()])
def test_each_fault_is_asked_again_and_never_kept(fault: Fault, tmp_path: Path) -> None:
    waits: list[float] = []
    with play(answer_rows, [fault, fault]) as played:
        with make_client(played, waits, cache=tmp_path) as client:
            answer = client.ask_json("/q", params={"page": "1"}, check=is_page)
            assert answer.value["rows"][0] == "1"
            assert len(played.asked) == 3
            again = client.ask_json("/q", params={"page": "1"}, check=is_page)
        assert again.kept
        assert again.value == answer.value
        assert len(played.asked) == 3
    kept = list(tmp_path.rglob("*.answer"))
    assert len(kept) == 1
    if fault.reply is not None and fault.reply.status == 429:
        assert 7.0 in waits
    assert max(waits) <= LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (status(503), "source.failing"),
        (cut(), "source.unreachable"),
        (html(), "source.unexpected"),
    ],
)
def test_a_service_that_goes_on_failing_is_given_up_with_its_name(
    fault: Fault, code: str, tmp_path: Path
) -> None:
    with play(answer_rows, [fault] * ATTEMPTS) as played:
        with make_client(played, cache=tmp_path) as client, pytest.raises(SourceError) as refusal:
            client.ask_json("/q", check=is_page)
        assert len(played.asked) == ATTEMPTS
    assert refusal.value.code == code
    assert refusal.value.values["service"] == "Prøvetjenesten"
    assert list(tmp_path.rglob("*.answer")) == []


def test_a_wrong_question_is_not_asked_again() -> None:
    with (
        play(lambda asked: Reply(400, {"feil": 1})) as played,
        make_client(played) as client,
        pytest.raises(SourceError) as refusal,
    ):
        client.ask_json("/q", check=is_page)
    assert (refusal.value.code, refusal.value.values["status"], len(played.asked)) == (
        "source.refused",
        400,
        1,
    )


def test_what_is_absent_is_an_answer_and_not_kept(tmp_path: Path) -> None:
    with (
        play(lambda asked: Reply(410, {"slettedato": "2024-01-01"})) as played,
        make_client(played, cache=tmp_path) as client,
    ):
        for _time in range(2):
            answer = client.ask_json("/q", check=is_page, absent=frozenset({404, 410}))
            assert (answer.status, answer.value) == (410, {"slettedato": "2024-01-01"})
    assert len(played.asked) == 2


def test_an_old_answer_is_asked_for_anew_and_serves_where_the_service_is_gone(tmp_path: Path) -> None:
    replies = iter(
        [Reply(body={"rows": [1]}, headers={"ETag": '"a"'}), Reply(304), Reply(body={"rows": [2]})]
    )
    with play(lambda asked: next(replies)) as played, make_client(played, cache=tmp_path) as client:
        assert client.ask_json("/q", check=is_page).value == {"rows": [1]}
        (file,) = tmp_path.rglob("*.answer")
        _make_old(file)
        unchanged = client.ask_json("/q", check=is_page)
        assert (unchanged.value, unchanged.kept, unchanged.stale) == ({"rows": [1]}, True, False)
        assert played.asked[1].headers["If-None-Match"] == '"a"'
        _make_old(file)
        assert client.ask_json("/q", check=is_page).value == {"rows": [2]}
    _make_old(file)
    with make_client(played, cache=tmp_path) as client:  # nobody listens there any more
        gone = client.ask_json("/q", check=is_page)
        assert (gone.value, gone.stale, client.notices) == ({"rows": [2]}, True, ["source.stale"])


def _make_old(file: Path) -> None:
    answer = read_answer(file)
    assert answer is not None
    old = (dt.datetime.now(dt.UTC) - dt.timedelta(days=30)).isoformat()
    write_answer(file, type(answer)(answer.url, answer.status, answer.content, answer.etag, old))


@pytest.mark.parametrize(
    "damage", [lambda old: old[:-3], lambda old: b"", lambda old: b"{}\n" + old, lambda old: old + b" "]
)
def test_a_damaged_kept_answer_is_fetched_again(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with play(answer_rows) as played, make_client(played, cache=tmp_path) as client:
        client.ask_json("/q", check=is_page)
        (file,) = tmp_path.rglob("*.answer")
        file.write_bytes(damage(file.read_bytes()))
        assert not client.ask_json("/q", check=is_page).kept


def test_refresh_asks_for_all_again(tmp_path: Path) -> None:
    with play(answer_rows) as played:
        for refresh in (False, True):
            with make_client(played, cache=tmp_path, refresh=refresh) as client:
                client.ask_json("/q", check=is_page)
        assert len(played.asked) == 2


def test_the_pace_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("loaders.official.attempts.time.monotonic", lambda: now[0])
    service = Service("played", "P", "https://unused.example", PAUSE_S, per_minute=3)
    with play(answer_rows) as played, WebClient(service, address=played.address, wait=wait) as client:
        for page in range(7):
            client.ask_json("/q", params={"page": str(page)}, check=is_page)
    # three in a minute: the fourth waits for the first to be a minute old
    assert waits == pytest.approx([0.25, 0.25, 59.5, 0.25, 0.25, 59.5])


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("5", 5, 5), ("99999", LONGEST_WAIT_S, LONGEST_WAIT_S), ("", 0, 0), ("soon", 0, 0), ("-3", 0, 0)],
)
def test_retry_after_is_read(text: str, least: float, most: float) -> None:
    assert least <= read_retry_after(text) <= most


def test_retry_after_may_be_a_date() -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    assert 50 < read_retry_after(later.strftime("%a, %d %b %Y %H:%M:%S GMT")) <= 60
    assert read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT") == 0


def test_redirects_are_followed_on_the_same_host_only() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/old":
            return Reply(301, headers={"Location": "/new?page=9"})
        if asked.path == "/away":
            return Reply(302, headers={"Location": "https://elsewhere.example/new"})
        return answer_rows(asked)

    with play(answer) as played, make_client(played) as client:
        assert client.ask_json("/old", check=is_page).value["rows"][0] == "9"
        with pytest.raises(SourceError) as refusal:
            client.ask_json("/away", check=is_page)
    assert refusal.value.values["status"] == 302


# --- files -------------------------------------------------------------------------------------------


def serve_file(asked: Asked) -> Reply:
    begin = asked.headers.get("Range", "")
    if begin and asked.headers.get("If-Range") == '"v1"':
        start = int(begin.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(BIG) - 1}/{len(BIG)}"
        return Reply(206, BIG[start:], {"ETag": '"v1"', "Content-Range": span})
    return Reply(200, BIG, {"ETag": '"v1"'})


def test_a_broken_download_goes_on_where_it_ended(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with play(serve_file, [cut(0.6), cut(0.5), status(500)]) as played, make_client(played) as client:
        done = client.download(
            "/f.gz", tmp_path / "f.gz", progress=lambda step, n, total: told.append((n, total))
        )
    assert done.path.read_bytes() == BIG
    assert done.bytes == len(BIG)
    asked_from = [asked.headers.get("Range", "") for asked in played.asked]
    assert asked_from[0] == ""
    assert all(begin.startswith("bytes=") for begin in asked_from[1:])
    assert told[-1] == (len(BIG), len(BIG))
    assert [file.name for file in tmp_path.iterdir()] == ["f.gz"]


def test_a_download_that_is_given_up_leaves_no_file_and_is_gone_on_from_later(tmp_path: Path) -> None:
    target = tmp_path / "f.gz"
    with (
        play(serve_file, [cut(0.5)] + [status(503)] * (ATTEMPTS - 1)) as played,
        make_client(played) as client,
    ):
        with pytest.raises(SourceError):
            client.download("/f.gz", target)
        assert not target.exists()
        assert client.download("/f.gz", target).path.read_bytes() == BIG
    assert played.asked[-1].headers["Range"] == f"bytes={len(BIG) // 2}-"


def test_another_version_of_the_file_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    versions = iter([b"old" * 1000, b"new" * 2000])
    tags = iter(['"v1"', '"v2"'])

    def answer(asked: Asked) -> Reply:
        return Reply(200, next(versions), {"ETag": next(tags)})

    with play(answer, [cut(0.5)]) as played, make_client(played) as client:
        # the first version breaks off; the server has a second one by then and ignores the range
        done = client.download("/f", tmp_path / "f")
    assert done.path.read_bytes() == b"new" * 2000


def test_a_file_that_is_not_what_it_should_be_is_thrown_away_and_asked_for_again(tmp_path: Path) -> None:
    def check(path: Path) -> None:
        if path.read_bytes().startswith(b"<!doctype"):
            raise RefusedFileError("file.html", file=path.name)

    with play(serve_file, [html(), html()]) as played, make_client(played) as client:
        assert client.download("/f", tmp_path / "f", check=check).path.read_bytes() == BIG
    with (
        play(serve_file, [html()] * ATTEMPTS) as played,
        make_client(played) as client,
        pytest.raises(SourceError) as refusal,
    ):
        client.download("/f", tmp_path / "g", check=check)
    assert refusal.value.code == "source.unexpected"
    assert [file.name for file in tmp_path.iterdir()] == ["f"]


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    target = tmp_path / "f"
    target.with_name("f.part").write_bytes(b"x" * (len(BIG) + 10))
    target.with_name("f.part.json").write_text(json.dumps({"validator": '"v1"'}))

    def answer(asked: Asked) -> Reply:
        return Reply(416) if "Range" in asked.headers else serve_file(asked)

    with play(answer) as played, make_client(played) as client:
        assert client.download("/f", target).path.read_bytes() == BIG
