CREATE STREAM ALARM_LOG (device VARCHAR(32), mean_temp REAL, hits INTEGER, said VARCHAR(64), ok BOOLEAN);
CREATE PUMP ALARM_PUMP AS INSERT INTO ALARM_LOG (device, mean_temp, hits, ok, said)
SELECT STREAM device, mean_temp, hits, TRUE,
       CASE WHEN hits > 3 THEN TIMESTAMP_TO_CHAR('yyyy-MM-dd''T''HH:mm', slot) ELSE NULL END
FROM ( SELECT STREAM device, AVG(temp) OVER LAST_TEN AS mean_temp, COUNT(*) OVER w1 AS hits,
              LAG(temp, 1, temp) OVER (PARTITION BY device || '-' || room ROWS 2 PRECEDING) AS before,
              FLOOR(s.ROWTIME TO MINUTE) AS slot
       FROM readings s
       WINDOW LAST_TEN AS (PARTITION BY device RANGE INTERVAL '10' MINUTE PRECEDING),
              w1 AS (RANGE INTERVAL '0' MINUTE PRECEDING) )
WHERE hits >= 1 AND mean_temp * 1.5 <> 0 AND NOT (device LIKE '%spare' OR device SIMILAR TO '%(x|y)%')
      AND UNIX_TIMESTAMP(slot) / 1000 BETWEEN 0 AND 4000000000;
