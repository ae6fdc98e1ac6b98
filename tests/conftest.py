"""What all tests share: no test fails because the machine's clock was slow or its user has fetched files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


@pytest.fixture(autouse=True, scope="session")
def _empty_shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give all tests a shelf of fetched files of their own, empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path_factory.mktemp("sources")))
        yield
