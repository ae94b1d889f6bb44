"""Runs by itself, in an environment with opendsm: fits its hourly model to meters in a folder, prints what it took.

`python savings_reference.py FOLDER ZONE`: each `*.csv` there has time (UTC), kwh, temperature_c. What comes before the
time in its name (`name@2024-01-01T00_00_00Z.csv`) is the baseline. Prints one JSON object; a meter at which opendsm
raises is not in it (version 1.2.7 raises where an hour of the day keeps no coefficient).
"""

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
from opendsm.eemeter import HourlyBaselineData, HourlyModel, HourlyReportingData


def main(folder: Path, zone: str) -> None:
    """Print CPU ms of each fit, and the error on the year after, % of its mean."""
    warnings.simplefilter("ignore")
    files = sorted(folder.glob("*.csv"))
    told: dict[str, dict[str, float]] = {}
    for file in (files[0], *files):  # the first time compiles what numba compiles, which is no part of a fit
        try:
            told[file.name] = fitted(file, zone)
        except ValueError as exc:
            print(f"{file.name}: opendsm raised: {' '.join(str(exc).split())[:200]}", file=sys.stderr)  # noqa: T201 - as below
    print(json.dumps(told))  # noqa: T201 - it is a program of its own, read by the bench


def fitted(file: Path, zone: str) -> dict[str, float]:
    """Return CPU ms of fitting the years before the split, and CV(RMSE) of the ones after, %."""
    split = pd.Timestamp(file.stem.split("@")[1].replace("_", ":"))
    rows = pd.read_csv(file, parse_dates=["time"], index_col="time").tz_convert(zone)
    data = pd.DataFrame({"observed": rows["kwh"], "temperature": rows["temperature_c"] * 1.8 + 32})
    baseline = HourlyBaselineData(data[data.index < split], is_electricity_data=True)
    began = time.process_time()
    model = HourlyModel().fit(baseline, ignore_disqualification=True)
    cpu_ms = 1000 * (time.process_time() - began)
    after = data[data.index >= split]
    told = model.predict(HourlyReportingData(after, is_electricity_data=True), ignore_disqualification=True)
    both = pd.DataFrame({"actual": after["observed"], "expected": told["predicted"]}).dropna()
    both = both[both["actual"] > 0]
    error = ((both["actual"] - both["expected"]) ** 2).mean() ** 0.5
    return {"cpu_ms": cpu_ms, "cv_rmse_pct": 100 * float(error / both["actual"].mean())}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
