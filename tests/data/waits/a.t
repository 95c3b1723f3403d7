#!/bin/bash
for n in 1 2; do
	sleep 1
done
x && sleep 3
until a; do sleep 1; done
order do=retry; is "2:done"
f()
{
	sleep .2
}
# sleep 4
sleep $((LOAD / 2))
perl -e 'print 1; sleep 100'
while x; do
	sleep 1 # a pace, no wait
done
