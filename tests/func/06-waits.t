#!/bin/bash
# tests/lib/check-waits finds a fixed wait, and in a test each that is not by
# wait_for or waitFor.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/tree/tests/func" "$T/tree/tests/browser"
cp "$TOP/tests/data/waits/a.t" "$T/tree/tests/func/"
cp "$TOP"/tests/data/waits/*.mjs "$T/tree/tests/browser/"
out=$("$TOP/tests/lib/check-waits" "$T/tree")
is "fixed waits: status 1" $? 1
is "where they are" "$(grep -oE '[ab]\.[a-z.]+:[0-9]+' <<<"$out" | tr '\n' ' ')" \
    "a.mjs:2 a.mjs:6 a.mjs:7 b.test.mjs:2 a.t:3 a.t:5 a.t:6 a.t:10 a.t:13 "
is "none in our own" "$("$TOP/tests/lib/check-waits")" ""
done_testing
