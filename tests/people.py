"""People who act in tests."""

from sensors.actors import Actor, Role

MANAGER = Actor(id="u-manager", name="Li", roles=frozenset({Role.FACILITY_MANAGER}))
OTHER_MANAGER = Actor(id="u-other", name="Zhao", roles=frozenset({Role.FACILITY_MANAGER}))
OFFICER = Actor(id="u-officer", name="Wang", roles=frozenset({Role.SAFETY_OFFICER}))
VIEWER = Actor(id="u-viewer", name="Sun", roles=frozenset({Role.VIEWER}))
