"""The codes of rooms: made, revoked, and printed as a sheet to cut up and put beside the doors."""

from typing import Annotated

import segno
from fastapi import APIRouter, Form
from starlette.responses import Response

from api.pages.acts import returned
from api.pages.rendering import render_alone
from api.pages.report_views import buildings
from api.pages.visits import ActingVisit, ReadingVisit
from api.ports import RecordsTransaction
from api.problems import existing
from rectification.reporting import make_codes, revoke_code
from sensors.actors import Permission
from sensors.topology import BuildingId, RoomId

router = APIRouter()

QUIET_MODULES = 4
"""The white margin that a reader needs, ISO/IEC 18004."""


@router.get("/room-codes")
def codes_page(visit: ReadingVisit) -> Response:
    """Show which rooms have a code."""
    with visit.desk() as desk:
        can_make = visit.actor.may(Permission.MANAGE_ITEM)
        is_near = visit.services.web.listens_on_loopback
        view = {"buildings": buildings(desk), "can_make": can_make, "origin": visit.services.web.origin}
        return visit.render(desk, "room_codes.html", page="plan", show="codes", is_near=is_near, **view)


@router.get("/room-codes/sheet")
def codes_sheet(visit: ReadingVisit, building: str) -> Response:
    """Return the codes of a building to be printed; restricted rooms carry their code without a name."""
    with visit.desk() as desk:
        known = buildings(desk) if visit.actor.may(Permission.MANAGE_ITEM) else ()
        found = existing(next((each for each in known if each.id == BuildingId(building)), None), "sheet")
        origin = visit.services.web.origin.rstrip("/")
        codes = [(code, drawn_code(f"{origin}/r/{code.token}")) for code in found.with_code]
        return render_alone(
            visit.request,
            desk.messages,
            template="room_codes_sheet.html",
            site=desk.wording.site(),
            codes=codes,
            building=found.name,
        )


@router.post("/room-codes")
def make(visit: ActingVisit, building: Annotated[str, Form(max_length=100)]) -> Response:
    """Make codes for the rooms of a building that have none."""
    registry = visit.services.registry()
    rooms = [room.id for room in registry.rooms.values() if room.building == building]

    def work(tx: RecordsTransaction) -> object:
        return make_codes(tx, rooms, site=registry.site.id, actor=visit.actor, clock=visit.services.clock)

    return returned(visit, "/room-codes", "codes_made", work)


@router.post("/room-codes/revoke")
def revoke(visit: ActingVisit, room: Annotated[str, Form(max_length=100)]) -> Response:
    """End the code of a room; the next one is another."""

    def work(tx: RecordsTransaction) -> object:
        return revoke_code(tx, RoomId(room), actor=visit.actor, clock=visit.services.clock)

    return returned(visit, "/room-codes", "code_revoked", work)


def drawn_code(address: str) -> str:
    """Return the QR code of an address as SVG, without a style of its own."""
    code = segno.make_qr(address, error="m")
    return code.svg_inline(border=QUIET_MODULES, omitsize=True, svgclass="qr", lineclass=None)
