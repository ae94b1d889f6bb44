-- Roll-ups by series number. Kept sorted by series but for what came since they were last put in order.
CREATE TABLE rollups_hour (
    series INTEGER NOT NULL,
    bucket_ms BIGINT NOT NULL,
    mean DOUBLE,
    minimum DOUBLE,
    maximum DOUBLE,
    count UINTEGER NOT NULL,
    amount DOUBLE,
    estimated_amount DOUBLE
);

CREATE TABLE rollups_day AS FROM rollups_hour;

-- How many rows came at the end since the table was put in order.
CREATE TABLE rollups_unsorted (
    step VARCHAR PRIMARY KEY,
    rows BIGINT NOT NULL
);

-- A UTC day's revision rises in the transaction that changes a reading of it; `rolled` is the one last rolled up.
CREATE TABLE day_revisions (
    site VARCHAR NOT NULL,
    day DATE NOT NULL,
    revision BIGINT NOT NULL,
    rolled BIGINT NOT NULL
);

INSERT INTO day_revisions
SELECT DISTINCT site, make_date((time_ms // 86400000)::INTEGER), 1, 0
FROM raw JOIN series ON raw.series = series.id;
