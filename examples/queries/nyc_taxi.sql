-- Taxi demand in New York, half-hour by half-hour: the score of the service, as recorded, beside ours.
-- Input: "timestamp", "value" (passengers) and "kinesis_anomaly_score". Run it with
--   streamsql run nyc_taxi.sql --input nyc_taxi.csv.gz --rowtime timestamp

CREATE OR REPLACE STREAM "SCORES" (
   "timestamp"           TIMESTAMP,
   "value"               INTEGER,
   "service_score"       DOUBLE,
   "our_score"           DOUBLE);

CREATE OR REPLACE PUMP "SCORE_PUMP" AS INSERT INTO "SCORES"
SELECT STREAM "timestamp", "value", CAST("service_score" AS DOUBLE), "ANOMALY_SCORE"
FROM TABLE(RANDOM_CUT_FOREST(
   -- Every number of the cursor is scored, so the recorded score goes along as text.
   CURSOR(SELECT STREAM "timestamp", "value", CAST("kinesis_anomaly_score" AS VARCHAR(32)) AS "service_score"
          FROM "SOURCE_SQL_STREAM_001"),
   100, 256, 100000, 1));

-- The half-hours that either of the two finds remarkable.
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
   "timestamp"           TIMESTAMP,
   "value"               INTEGER,
   "service_score"       DOUBLE,
   "our_score"           DOUBLE);

CREATE OR REPLACE PUMP "REMARKABLE_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM * FROM "SCORES" WHERE "service_score" >= 2 OR "our_score" >= 2;
