"""The workshop: one calculation at a time, kept by key, given up when nobody waits and another is wanted."""

from __future__ import annotations

import threading

import pytest

from dashboard.background import AbandonedError, Workshop


def test_a_result_is_calculated_once_and_kept():
    shop, calls = Workshop(kept=4), []
    first = shop.order("a", lambda report: calls.append("a") or "result")
    assert first.wait(10)
    assert shop.order("a", lambda report: calls.append("again")) is first
    assert first.ready
    assert first.future.result() == "result"
    assert calls == ["a"]


def test_a_calculation_tells_its_step_and_an_error_is_handed_on():
    def fail(report):
        report("match")
        raise ValueError("no")

    job = Workshop(kept=4).order("a", fail)
    assert job.wait(10)
    assert job.step == "match"
    with pytest.raises(ValueError, match="no"):
        job.future.result()


def test_what_nobody_waits_for_is_not_begun():
    shop, hold, calls = Workshop(kept=4), threading.Event(), []
    running = shop.order("running", lambda report: hold.wait(10))
    queued = shop.order("queued", lambda report: calls.append("queued"))
    with shop.attend(queued):
        pass
    hold.set()
    assert running.wait(10)
    assert queued.future.cancelled()
    assert calls == []


def test_a_running_calculation_gives_way_when_it_is_left_and_another_is_wanted():
    shop, begun, go_on = Workshop(kept=4), threading.Event(), threading.Event()

    def long(report):
        report("match")
        begun.set()
        go_on.wait(10)
        report("cluster")
        return "long"

    left = shop.order("long", long)
    with shop.attend(left):
        assert begun.wait(10)
    wanted = shop.order("short", lambda report: "short")
    with shop.attend(wanted):
        go_on.set()
        assert wanted.wait(10)
    assert wanted.future.result() == "short"
    assert isinstance(left.future.exception(), AbandonedError)
    assert shop.order("long", lambda report: "anew") is not left  # forgotten: begun again when asked for


def test_a_running_calculation_goes_on_while_no_other_is_wanted():
    shop, begun, go_on = Workshop(kept=4), threading.Event(), threading.Event()

    def long(report):
        begun.set()
        go_on.wait(10)
        report("cluster")
        return "long"

    left = shop.order("long", long)
    with shop.attend(left):
        assert begun.wait(10)
    go_on.set()
    assert left.wait(10)
    assert left.future.result() == "long"


def test_what_failed_is_told_once_and_calculated_anew():
    def fail(report):
        raise ValueError("no")

    shop = Workshop(kept=4)
    failed = shop.order("a", fail)
    with pytest.raises(ValueError, match="no"):
        shop.collect(failed)
    again = shop.order("a", lambda report: "result")
    assert again is not failed
    assert shop.collect(again) == "result"
    assert shop.order("a", fail) is again
