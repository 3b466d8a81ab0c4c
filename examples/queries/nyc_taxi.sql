-- Taxi demand in New York, half-hour by half-hour: the score of the service, recorded, beside ours.
-- Input: "timestamp", "value" (passengers) and the service's score. Run it with
--   streamsql run nyc_taxi.sql --input nyc_taxi.csv.gz --rowtime timestamp

CREATE OR REPLACE STREAM "SCORES" (
   "timestamp"           TIMESTAMP,
   "value"               INTEGER,
   "service_score"       DOUBLE,
   "our_score"           DOUBLE);

CREATE OR REPLACE PUMP "SCORE_PUMP" AS INSERT INTO "SCORES"
SELECT STREAM "timestamp", "value", CAST("service_score" AS DOUBLE), "ANOMALY_SCORE"
FROM TABLE(RANDOM_CUT_FOREST(
   -- Only numbers are scored: the recorded score goes along as text.
   CURSOR(SELECT STREAM "timestamp", "value", CAST("kinesis_anomaly_score" AS VARCHAR(32)) AS "service_score"
          FROM "SOURCE_SQL_STREAM_001"),
   100, 256, 100000, 1));
