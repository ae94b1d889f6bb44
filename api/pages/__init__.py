"""The console: pages for people, rendered here, kept live by events, usable without scripts."""

from fastapi import APIRouter

from api.pages.access import router as access
from api.pages.acts import router as acts
from api.pages.alerts import router as alerts
from api.pages.data import router as data
from api.pages.doors import router as doors
from api.pages.energy import router as energy
from api.pages.energy_reports import router as energy_reports
from api.pages.inspections import router as inspections
from api.pages.logs import router as logs
from api.pages.people_reports import router as people_reports
from api.pages.plans import router as plans
from api.pages.problems import problem_page
from api.pages.quality import router as quality
from api.pages.reads import router as reads
from api.pages.report_inbox import router as report_inbox
from api.pages.room_codes import router as room_codes
from api.pages.savings import router as savings
from api.pages.sheets import router as sheets
from api.pages.sign_on import router as sign_on
from api.pages.space_proposals import router as space_proposals
from api.pages.standing import router as standing
from api.pages.utilisation import router as utilisation

router = APIRouter(include_in_schema=False)
for part in (
    doors,
    access,
    sign_on,
    people_reports,
    report_inbox,
    inspections,
    room_codes,
    standing,
    quality,
    alerts,
    reads,
    sheets,
    plans,
    acts,
    data,
    logs,
    utilisation,
    space_proposals,
    energy,
    energy_reports,
    savings,
):
    router.include_router(part)

__all__ = ["problem_page", "router"]
