-- Unusual transcoding jobs: each job is scored, and of each second the least usual one comes first.
-- Input: "transcoded_codec", "transcoding_memory", "transcoding_time". Run it with
--   streamsql run transcoding.sql --input transcoding.jsonl --rowtime finished_at

CREATE OR REPLACE STREAM "TEMP_STREAM" (
   "transcoded_codec"    INTEGER,
   "transcoding_memory"  INTEGER,
   "transcoding_time"    INTEGER,
   "ANOMALY_SCORE"       DOUBLE);

CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
   "transcoded_codec"    INTEGER,
   "transcoding_memory"  INTEGER,
   "transcoding_time"    INTEGER,
   "ANOMALY_SCORE"       DOUBLE);

CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "TEMP_STREAM"
SELECT STREAM "transcoded_codec", "transcoding_memory", "transcoding_time", "ANOMALY_SCORE"
FROM TABLE(RANDOM_CUT_FOREST(
   CURSOR(SELECT STREAM "transcoded_codec", "transcoding_memory", "transcoding_time" FROM "SOURCE_SQL_STREAM_001")));

CREATE OR REPLACE PUMP "OUTPUT_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM * FROM "TEMP_STREAM"
ORDER BY FLOOR("TEMP_STREAM".ROWTIME TO SECOND), ANOMALY_SCORE DESC;
