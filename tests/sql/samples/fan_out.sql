/* Two kinds of readings arrive in one stream:
   {"kind": "door", "site": "north"} and {"kind": "meter", "watts": 12} */
-- ---***--- "banner" it's -> here ---***---
CREATE OR REPLACE STREAM "DOOR_EVENTS"
	(site VARCHAR(16), state VARCHAR(8), change INTEGER);   // a line comment of the other kind
CREATE OR REPLACE STREAM METER_READINGS (
    site   VARCHAR(16) NOT NULL,
    watts  DOUBLE PRECISION DEFAULT 0.0,  -- comment inside the list
    "index" SMALLINT DESCRIPTION 'which meter'
) DESCRIPTION 'readings';
create or replace pump "door-pump" as insert into "DOOR_EVENTS" (site, state)
    select stream "site", upper("state") from "SOURCE_SQL_STREAM_001" where "kind" in ('door', 'gate');
CREATE OR REPLACE PUMP "METER_PUMP" STARTED AS INSERT INTO METER_READINGS
    SELECT STREAM "site", CAST("watts" AS DOUBLE), 1 FROM SOURCE_SQL_STREAM_001 WHERE "kind" = 'meter';
CREATE OR REPLACE STREAM PER_MINUTE (site VARCHAR(16), total DOUBLE, n INT);
CREATE PUMP PER_MINUTE_PUMP AS INSERT INTO PER_MINUTE
    SELECT STREAM site, SUM(watts), COUNT(*) n FROM meter_readings
    GROUP BY site, FLOOR(meter_readings.rowtime TO MINUTE)
