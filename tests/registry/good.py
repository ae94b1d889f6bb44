"""A registry in order that says something of every kind."""

GOOD = """\
site:
  id: hq
  name: {zh: 机关一号院, en: Compound 1}
  timezone: Asia/Shanghai
  altitude_m: 1890
  climate_zone: mild
  organ_level: county
  grid: 南方
  season_hours: [{first: 06-01, last: 09-30, working_hours: "08:00-12:00,15:00-18:00"}]
  heating_dates: [{first: 2025-11-15, last: 2026-03-15}]
  calendar: cn
  working_hours: "08:30-12:00,14:00-18:00"
  cleaning_hours: "07:00-08:00"
departments:
  - {id: admin, name: {zh: 行政处, en: Administration}, headcount: 20}
people:
  - {id: p01, name: 张三, department: admin, rank: 县级/正科级, roles: [facility_manager],
     absences: [{first: 2026-02-01, last: 2026-02-05}]}
buildings:
  - {id: a, name: 主楼, gross_area_m2: 5200, headcount: 180, energy_class: B,
     title_certificate: none, owner: 县机关事务局, shares: [{department: admin, share: 0.6}]}
rooms:
  - {id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5, capacity: 2,
     department: admin, holders: [p01]}
  - {id: a-202, building: a, floor: 2, name: 0202, category: service, subtype: meeting, usable_area_m2: 40,
     tenure: own, toilet_m2: 5, exemption: {reason: 涉密, approved_by: 县委办, until: 2027-12-31}}
  - {id: a-203, building: a, floor: 2, name: 203, category: office, usable_area_m2: 12, restricted: true}
circuits:
  - {id: c-main, building: a, item: total}
  - {id: c-light, parent: c-main, item: lighting, serves: [a-201], rated_a: 32, ct_ratio: 1, always_on: false}
openings:
  - {id: d-201, room: a-201, kind: access, rex_wired: true, release_on_fire: true}
devices:
  - {id: aq1, gateway: gw1, room: a-201, interval_s: 300, metrics: [co2, temperature_c], pressure_compensated: true}
  - {id: "24:E1:aB.7", circuit: c-light, metrics: [energy_import_kwh]}
  - {id: lux1, outdoor: true, lux_factor: 1.1, heartbeat_s: 3600}
  - id: cam1
    places:
      - {room: a-201, since: 2026-01-01, until: 2026-03-01}
      - {room: a-202, since: 2026-03-01}
"""
