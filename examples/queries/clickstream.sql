-- Anomalies in a click stream: raw clicks in, the ten minutes that were not normal out, with an explanation.
-- Input: "page", "user", "timestamp", one row per click. Run it with
--   streamsql run clickstream.sql --input clickstream.csv.gz --rowtime timestamp

-- 1. Ten minutes each: pages, users and clicks.
CREATE OR REPLACE STREAM "BINS" (
   "TIMESTAMPS"          TIMESTAMP,
   "URLS"                INTEGER,
   "USERS"               INTEGER,
   "CLICKS"              INTEGER);

CREATE OR REPLACE PUMP "BIN_PUMP" AS INSERT INTO "BINS"
SELECT STREAM STEP(s.ROWTIME BY INTERVAL '10' MINUTE), COUNT(DISTINCT "page"), COUNT(DISTINCT "user"), COUNT(*)
FROM "SOURCE_SQL_STREAM_001" AS s
GROUP BY STEP(s.ROWTIME BY INTERVAL '10' MINUTE);

-- 2. How far clicks are from what the number of users lets expect. Ten minutes without any click make no row in
--    "BINS"; the row after them shows the gap, and silence is data too.
CREATE OR REPLACE STREAM "RESAMPLED" (
   "TIMESTAMPS"          TIMESTAMP,
   "URLS"                INTEGER,
   "USERS"               INTEGER,
   "CLICKS"              INTEGER,
   "RESIDUALS"           INTEGER);

CREATE OR REPLACE PUMP "SILENCE_PUMP" AS INSERT INTO "RESAMPLED"
SELECT STREAM "PREVIOUS" + INTERVAL '10' MINUTE, 0, 0, 0, 0
FROM (SELECT STREAM "TIMESTAMPS", LAG("TIMESTAMPS", 1, "TIMESTAMPS") OVER (ROWS 1 PRECEDING) AS "PREVIOUS"
      FROM "BINS")
WHERE "TIMESTAMPS" > "PREVIOUS" + INTERVAL '10' MINUTE;

CREATE OR REPLACE PUMP "RESIDUAL_PUMP" AS INSERT INTO "RESAMPLED"
SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "CLICKS" - (-0.1736 + 2.2018 * "USERS")
FROM "BINS";

-- 3. A score for each ten minutes, and which column made it.
CREATE OR REPLACE STREAM "TEMP_STREAM" (
   "TIMESTAMPS"          TIMESTAMP,
   "URLS"                INTEGER,
   "USERS"               INTEGER,
   "CLICKS"              INTEGER,
   "RESIDUALS"           INTEGER,
   "ANOMALY_SCORE"       DOUBLE,
   "ANOMALY_EXPLANATION" VARCHAR(512));

CREATE OR REPLACE PUMP "SCORE_PUMP" AS INSERT INTO "TEMP_STREAM"
SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
   CURSOR(SELECT STREAM * FROM "RESAMPLED"), 100, 256, 4320, 1, true));

-- 4. Scores above mean + 3 standard deviations of all scores so far (the forest gives 0 while it learns).
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
   "TIMESTAMPS"          TIMESTAMP,
   "URLS"                INTEGER,
   "USERS"               INTEGER,
   "CLICKS"              INTEGER,
   "RESIDUALS"           INTEGER,
   "ANOMALY_SCORE"       DOUBLE,
   "THRESHOLD"           DOUBLE,
   "ANOMALY_EXPLANATION" VARCHAR(512));

CREATE OR REPLACE PUMP "FLAG_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "RESIDUALS", "ANOMALY_SCORE", "THRESHOLD", "ANOMALY_EXPLANATION"
FROM (SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "RESIDUALS", "ANOMALY_SCORE", "ANOMALY_EXPLANATION",
             AVG("ANOMALY_SCORE") OVER W + 3 * STDDEV_POP("ANOMALY_SCORE") OVER W AS "THRESHOLD"
      FROM "TEMP_STREAM"
      WHERE "ANOMALY_SCORE" > 0
      WINDOW W AS (ROWS UNBOUNDED PRECEDING))
WHERE "ANOMALY_SCORE" > "THRESHOLD";
