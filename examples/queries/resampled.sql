-- Anomaly scores with an explanation for a table that is resampled already: "TIMESTAMPS", "URLS", "USERS", "CLICKS",
-- "RESIDUALS" per ten minutes. Run it with
--   streamsql run resampled.sql --input clickstream_resampled.csv.gz --rowtime TIMESTAMPS --output TEMP_STREAM

CREATE OR REPLACE STREAM "TEMP_STREAM" (
   "TIMESTAMPS"          TIMESTAMP,
   "URLS"                INTEGER,
   "USERS"               INTEGER,
   "CLICKS"              INTEGER,
   "RESIDUALS"           INTEGER,
   "ANOMALY_SCORE"       DOUBLE,
   "ANOMALY_EXPLANATION" varchar(512));

CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "TEMP_STREAM"
SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "RESIDUALS", "ANOMALY_SCORE", "ANOMALY_EXPLANATION" FROM
  TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
    CURSOR(SELECT STREAM * FROM "SOURCE_SQL_STREAM_001"), -- inputStream
    100,  -- numberOfTrees
    256,  -- subSampleSize
    4320, -- timeDecay: thirty days of ten minutes
    1,    -- shingleSize
    true  -- withDirectionality
  )
);
