"""Every contract runs over every database."""

from collections.abc import Iterator

import pytest

from storage.records import SqlRecords
from tests.storage.records.stores import PLACES, Place


@pytest.fixture(params=PLACES.values(), ids=list(PLACES))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Yield a new database."""
    with request.param() as made:
        yield made


@pytest.fixture
def records(place: Place) -> SqlRecords:
    """Return the records in a new database."""
    return place.open()
