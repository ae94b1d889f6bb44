"""The people of the demo: whom a visitor is, who mends things, who goes round, and who signs."""

from sensors.actors import Actor, Role

MANAGER = Actor(
    id="demo-manager", name="演示管理员 Demo manager", roles=frozenset({Role.FACILITY_MANAGER, Role.SAFETY_OFFICER})
)
"""Whom every visitor of a demo is signed in as, on loopback only."""

TECHNICIAN = Actor(id="demo-technician", name="王工 Wang", roles=frozenset({Role.FACILITY_MANAGER}))
INSPECTOR = Actor(id="demo-inspector", name="李工 Li", roles=frozenset({Role.SAFETY_OFFICER}))
LEADER = Actor(id="demo-leader", name="张主任 Zhang", roles=frozenset({Role.FACILITY_MANAGER}))
PEOPLE = (MANAGER, TECHNICIAN, INSPECTOR, LEADER)
