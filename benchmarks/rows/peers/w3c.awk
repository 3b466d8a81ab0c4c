# mawk -f w3c.awk ticker.csv: rows come in the order of time, so a new minute closes the last one.
BEGIN { FS = OFS = ","; CONVFMT = OFMT = "%.15g" }
NR == 1 { print "W,TICKER,C,S,A,MI,MA"; next }
{
    minute = substr($1, 1, 16)
    if (minute != open) { close_minute(); open = minute }
    price = $3 + 0
    if (!($2 in count)) { low[$2] = price; high[$2] = price }
    count[$2]++
    sum[$2] += price
    if (price < low[$2]) low[$2] = price
    if (price > high[$2]) high[$2] = price
}
END { close_minute() }

function close_minute(  key) {
    for (key in count) print open ":00.000", key, count[key], sum[key], sum[key] / count[key], low[key], high[key]
    split("", count)
    split("", sum)
}
