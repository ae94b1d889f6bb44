"""The catalogue of rules as data: what each says, needs and rests on. The formulas run in `analytics` and `alerts`."""

from collections.abc import Mapping
from types import MappingProxyType

from sensors.catalogue.air import A01, A02, A03, A04, A05, A06, A07, A08
from sensors.catalogue.data import G01, G02, G03, G04, G05, G06
from sensors.catalogue.doors import D01, D02, D03, D04, D05, D06
from sensors.catalogue.electrical import L01, L02, L03, L04, L05, L06
from sensors.catalogue.energy import E01, E02, E03, E04, E05, E06, E07, E08, E09, E10, E11, E12
from sensors.catalogue.fire import F01, F02, F03, F04, F05, F06, F07, F08, F09, F10, F11, F12
from sensors.catalogue.model import RuleSpec
from sensors.catalogue.space import S01, S02, S03, S04, S05, S06, S07, S08, S09, S10
from sensors.catalogue.water import W01

CATALOGUE: Mapping[str, RuleSpec] = MappingProxyType(
    {
        "S01": S01,
        "S02": S02,
        "S03": S03,
        "S04": S04,
        "S05": S05,
        "S06": S06,
        "S07": S07,
        "S08": S08,
        "S09": S09,
        "S10": S10,
        "E01": E01,
        "E02": E02,
        "E03": E03,
        "E04": E04,
        "E05": E05,
        "E06": E06,
        "E07": E07,
        "E08": E08,
        "E09": E09,
        "E10": E10,
        "E11": E11,
        "E12": E12,
        "W01": W01,
        "A01": A01,
        "A02": A02,
        "A03": A03,
        "A04": A04,
        "A05": A05,
        "A06": A06,
        "A07": A07,
        "A08": A08,
        "F01": F01,
        "F02": F02,
        "F03": F03,
        "F04": F04,
        "F05": F05,
        "F06": F06,
        "F07": F07,
        "F08": F08,
        "F09": F09,
        "F10": F10,
        "F11": F11,
        "F12": F12,
        "L01": L01,
        "L02": L02,
        "L03": L03,
        "L04": L04,
        "L05": L05,
        "L06": L06,
        "D01": D01,
        "D02": D02,
        "D03": D03,
        "D04": D04,
        "D05": D05,
        "D06": D06,
        "G01": G01,
        "G02": G02,
        "G03": G03,
        "G04": G04,
        "G05": G05,
        "G06": G06,
    }
)
