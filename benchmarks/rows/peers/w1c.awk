# mawk -f w1c.awk ticker.csv
BEGIN { FS = OFS = "," }
NR == 1 { print "EVENT_TIME,TICKER,PRICE,PREV,SECTOR"; next }
$3 > 50 { print $1, $2, $3, $3 - $4, $5 }
