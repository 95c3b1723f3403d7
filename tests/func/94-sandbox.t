#!/bin/bash
# Code of somebody else inside the real processes, with their own sandbox:
# tests/redteam/insider in the workers of postseal.fcgi, tests/redteam/jailed
# in the child that parses uploads.  Whatever they try fails.  Then: what
# /proc says of the live processes, a kernel that lacks a part, and what the
# status tells.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/account.sh"

[ -x "$B/redteam/without" ] || make -s -C "$TOP" B="$B" redteam-bins ||
	bail "no programs of tests/redteam"
console_start
s=$SAMPLES
save inbound_enabled=on "private_key=@$s/self-signed-key.pem" \
    "server_certificate=@$s/self-signed-cert.pem"
is "a Save" "$STATUS:$(j .result)" 200:applied
daemon=$(access .pids.postseald)
parent=$(access '.pids["postseal.fcgi"]')
worker=$(pgrep -P "$parent" | head -n 1)
MAIN_CF=$PF/main.cf CHAIN=$(param smtpd_tls_chain_files) OTHER_PID=$daemon
# That of / to anybody who gets there: only the sandbox is in the way.
DISK=$T/disk
mknod -m 666 "$DISK" b "$(stat -c %Hd /)" "$(stat -c %Ld /)" || cp /etc/hosts "$DISK"
WEB_STATE=$STATE/web
export MAIN_CF CHAIN SMTP_PORT OTHER_PID DISK WEB_STATE

# What /proc says.
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
limit() { awk -v what="$2" 'index($0, what) == 1 { print $(NF - 1) }' "/proc/$1/limits"; }
for pid in $(pgrep -P "$parent"); do
	is "worker $pid" "$(field "$pid" Seccomp) $(field "$pid" NoNewPrivs) $(field "$pid" CapEff) $(field "$pid" CapPrm)" \
	    "2 1 0000000000000000 0000000000000000"
done
is "no core of a worker" "$(awk '/core file/ { print $5, $6 }' "/proc/$worker/limits")" "0 0"
is "64 descriptors" "$(awk '/open files/ { print $4, $5 }' "/proc/$worker/limits")" "64 64"
is "512 MiB of address space" "$(awk '/address space/ { print $4 }' "/proc/$worker/limits")" 536870912
is "the parent of the workers" "$(field "$parent" NoNewPrivs) $(field "$parent" CapEff) $(ps -o user= -p "$parent")" \
    "1 0000000000000000 postseal"
for pid in "$parent" "$daemon"; do
	is "$(cat "/proc/$pid/comm") has a filter" "$(field "$pid" Seccomp)" 2
done
is "is not dumpable, nor are they" "$(stat -c %U "/proc/$parent/environ" "/proc/$worker/environ" | sort -u)" root
is "postseald: no core" "$(awk '/core file/ { print $5, $6 }' "/proc/$daemon/limits")" "0 0"

# Capabilities: what postseald has itself is what its unit grants.
names() { # of a mask, as in the unit
	local n all=(chown dac_override dac_read_search fowner fsetid kill
	    setgid setuid setpcap linux_immutable net_bind_service
	    net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
	    sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot
	    sys_nice sys_resource sys_time sys_tty_config mknod lease
	    audit_write audit_control setfcap mac_override mac_admin syslog
	    wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore)

	for ((n = 0; n < ${#all[@]}; n++)); do
		(((0x$1 >> n) & 1)) && printf 'CAP_%s\n' "${all[n]^^}"
	done | sort
}
unit=$(sed -n 's/^CapabilityBoundingSet=//p' "$TOP/deploy/systemd/postseald.service" |
    tr ' ' '\n' | sort)
is "postseald's bounding set is its unit's" "$(names "$(field "$daemon" CapBnd)")" "$unit"
is "and so are its own" "$(field "$daemon" CapEff):$(field "$daemon" CapPrm):$(field "$daemon" CapInh)" \
    "$(field "$daemon" CapBnd):$(field "$daemon" CapBnd):0000000000000000"
unlike "no CAP_SYS_ADMIN, no CAP_SYS_PTRACE" "$unit" 'SYS_ADMIN|SYS_PTRACE|NET_ADMIN|SYS_MODULE'
for name in ProtectSystem=strict NoNewPrivileges=yes LimitCORE=0 MemorySwapMax=0 \
    MemoryDenyWriteExecute=yes RestrictNamespaces=yes; do
	is "both units: $name" "$(grep -lx "$name" "$TOP"/deploy/systemd/post*d.service \
	    "$TOP/deploy/systemd/postseal-fcgi.service" | wc -l)" 2
done
# What it asks the kernel for at its start; groups differ by systemd.
is "postseal-sync's unit lets it lock itself up" "$(grep -oE '^SystemCallFilter=landlock.*' \
    "$TOP/deploy/systemd/postseal-sync.service")" \
    "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"
if command -v systemd-analyze >/dev/null; then
	is "the units can be read" "$(systemd-analyze --man=no verify \
	    "$TOP"/deploy/systemd/*.service 2>&1 |
	    grep -vE 'is not executable|Cannot open|man page|not found' | head -n 3)" ""
fi

# Inside a worker.
inside_conf()	# NAME SED-EXPRESSION...
{
	local name=$1 args=(-e "s|^listen = .*|listen = $T/$1.fcgi|")

	shift
	for e in "$@"; do args+=(-e "$e"); done
	sed "${args[@]}" "$STATE/postseal.conf" >"$T/$name.conf"
}
chmod 755 "$T"
inside_conf insider
(cd / && exec setsid "$B/redteam/insider" -c "$T/insider.conf") </dev/null \
    >"$T/insider.log" 2>&1 &
RUNS+=($!)
wait_for 5 test -S "$T/insider.fcgi"
perl -e 'require "./tests/redteam/fcgi.pl";
	my ($n, $dead) = (0, 0);
	for ($n = 0; $n < 400; $n++) {
		my ($out) = talk($ARGV[0], request_bytes(params =>
		    params("GET", "/attempt/$n")), deadline => 10);
		last if $out =~ /^Status: 404/;
		$out =~ s/.*\r\n\r\n//s;
		print $out eq "" ? "$n 3 (process ended)\n" : $out;
	}' "$T/insider.fcgi" >"$T/worker.out" 2>"$T/worker.err"
ok "more than 100 attempts inside a worker: $(wc -l <"$T/worker.out")" \
    test "$(wc -l <"$T/worker.out")" -gt 100
is "none worked" "$(awk '$2 == 0' "$T/worker.out")" ""
is "each was refused by the sandbox" "$(awk '$2 == 2' "$T/worker.out")" ""
awk '$3 != "(process" { print $3, $2, $0 }' "$T/worker.out" >"$T/aims"
tried_all "web worker" "$T/aims"
is "nothing was written" "$(ls /tmp/postseal-escaped /dev/shm/postseal-escaped 2>/dev/null)" ""

# As the users of all parts, without their sandboxes.
CHAIN=$CHAIN SOCK=$STATE/run/postseald.sock BIN=$B DAEMON=$daemon PARENT=$parent
MASTER=$(tr -d " " <"$(postconf -c "$PF" -h queue_directory)/pid/master.pid")
OPS=$("$B/redteam/takeover" ops | paste -sd ' ')
cp "$TOP/tests/redteam/reach.pl" "$T/"
export STATE PF CHAIN SOCK BIN DAEMON PARENT MASTER OPS
# They can be made: where nobody owns all of it, they work.
mkdir -p "$T/theirs/"{daemon/{generations,keys,drafts},web,run,pf,https} && (cd "$T/theirs" &&
    touch daemon/{current,journal,audit.log,audit.head} web/postseal.db pf/{main,master}.cf postseal.conf run/fcgi.sock &&
    echo x | tee daemon/audit.log https/key.pem daemon/generations/chain >/dev/null && chown -R nobody .)
as() { setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups "${@:2}"; }
# The pid is the program's, and it keeps nobody waiting who reads our output.
for n in 1 2 3; do
	setpriv --reuid=nobody --regid="$(id -g nobody)" --init-groups \
	    tail -f /dev/null </dev/null >/dev/null 2>&1 &
	theirs[n]=$!
done
as nobody env STATE="$T/theirs" PF="$T/theirs/pf" CHAIN="$T/theirs/daemon/generations/chain" \
    DAEMON="${theirs[1]}" PARENT="${theirs[2]}" MASTER="${theirs[3]}" SOCK="$T/theirs/run/d.sock" \
    perl "$T/reach.pl" >"$T/reach" 2>"$T/reach.err"
kill -KILL "${theirs[@]}" 2>/dev/null
for aim in key value session line stop; do
	ok "an attempt can work: $aim" grep -q "^$aim 0 " "$T/reach"
done
while IFS=: read -r part user; do
	as "$user" perl "$T/reach.pl" >"$T/reach" 2>"$T/reach.err"
	ok "the user of the $part: $(wc -l <"$T/reach") attempts" test "$(wc -l <"$T/reach")" -gt 70
	is "none worked" "$(awk '$2 == 0' "$T/reach")" ""
	tried_all "$part" "$T/reach"
done <<'EOT'
web parent:postseal
parser child:postseal-parse
prober:postseal-probe
sync:postseal-sync
logs:postseal-logs
nginx's user:www-data
EOT
is "all of them are there" "$(access .pids.postseald):$(access '.pids["postseal.fcgi"]'):$(ps -o pid= -p "$daemon" -p "$parent" -p "$MASTER" | wc -l)" "$daemon:$parent:3"

# Workers that end at once are not made anew as fast.
inside_conf leaver '/^user = /i workers = 1'
(cd / && exec setsid "$B/redteam/insider" -c "$T/leaver.conf") </dev/null \
    >"$T/leaver.log" 2>&1 &
RUNS+=($!)
wait_for 5 test -S "$T/leaver.fcgi"
perl -e 'require "./tests/redteam/fcgi.pl"; use Time::HiRes qw(time);
	my $start = time;
	talk($ARGV[0], request_bytes(params => params("GET", "/leave")),
	    deadline => 10) for 1 .. 4;
	exit !(time - $start > 2.5)' "$T/leaver.fcgi" 2>>"$T/worker.err"
result "three that left at once: a pause before the next"

# Inside the child that parses.
"$B/redteam/jailed" nobody >"$T/jailed.out" 2>"$T/jailed.err"
is "as many inside the inspection" "$(wc -l <"$T/jailed.out")" "$(wc -l <"$T/worker.out")"
is "none worked there" "$(awk '$2 != 1 && $2 != 3' "$T/jailed.out")" ""
awk '{ print $3, $2, $0 }' "$T/jailed.out" >"$T/aims"
tried_all "parser child" "$T/aims"
# Inside the children of the keepers: the one that speaks TLS with a server,
# whose socket it has, and the one that verifies a host's report.
while IFS=: read -r part how extra; do
	"$B/redteam/jailed" postseal-probe "$how" >"$T/$how.out" 2>"$T/jailed.err"
	is "inside the child of the $part: as many, and $extra with its socket" \
	    "$(wc -l <"$T/$how.out")" "$(($(wc -l <"$T/worker.out") + extra))"
	is "none worked there, each was refused or ended it" \
	    "$(awk '$2 != 1 && $2 != 3' "$T/$how.out")" ""
	awk '{ print $3, $2, $0 }' "$T/$how.out" >"$T/aims"
	tried_all "$part" "$T/aims"
done <<'EOT'
prober:tls:8
scanner host:verify:0
EOT
ok "most of them ended it" test "$(awk '$2 == 3' "$T/jailed.out" | wc -l)" -gt 90
"$B/redteam/jailed" nobody hang >/dev/null 2>&1 &
hang=$!
jailed() { child=$(pgrep -P "$hang") && [ "$(field "$child" Seccomp)" = 2 ]; }
wait_for 3 jailed
is "that child" "$(ps -o user= -p "$child") $(field "$child" Seccomp) $(field "$child" NoNewPrivs) $(field "$child" CapEff) $(field "$child" Groups | wc -w)" \
    "nobody 2 1 0000000000000000 1"
is "has three descriptors and the socket" "$(ls "/proc/$child/fd" | wc -l)" 4
is "two seconds of CPU, no file to write, no process" \
    "$(awk '/cpu time/ { print $5 } /Max file size/ { print $5 } /processes/ { print $4 }' "/proc/$child/limits" | paste -sd ' ')" "2 0 0"
kill -KILL "$child" 2>/dev/null
wait "$hang"

# A key in use is not where uploads are parsed: neither in the process that
# forks the parsers nor in one of them, while a costly file keeps it busy.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null |
    openssl pkcs8 -topk8 -iter 3000000 -passout pass:slow-as-can-be -out "$T/costly.pem"
sed -n '/PRIVATE KEY/,/PRIVATE KEY/p' "$CHAIN" | sed '1d;$d' | cut -c 9-48 >"$T/in-use"
parsers() { pgrep -u postseal-parse -f "^$B/postseald( |$)"; }
ok "the scan finds the key where it is" test -n \
    "$(perl -e 'local $/; open F, "<", $ARGV[0]; our $k = <F>; system @ARGV[1 .. $#ARGV], $$' \
    "$CHAIN" perl "$TOP/tests/redteam/memory.pl" "$T/in-use")"
api POST /api/v1/certificates/inspect -F "private_key=@$T/costly.pem" \
    -F passphrase=slow-as-can-be >/dev/null &
RUNS+=($!)
scans=0 hits=
for ((n = 0; n < 2000 && scans < 3; n++)); do
	# One that has used the CPU is at its work.
	for pid in $(parsers); do
		read -r _ _ _ _ _ _ _ _ _ _ _ _ _ ticks _ <"/proc/$pid/stat" 2>/dev/null || continue
		[ "$ticks" -gt 20 ] || continue
		hit=$(perl "$TOP/tests/redteam/memory.pl" "$T/in-use" "$pid" 2>/dev/null) ||
			continue # it has ended
		hits+=$hit
		scans=$((scans + 1))
	done
	sleep 0.02 # no wait: a parser lives for a moment
done
is "a parser at work was looked at" "$scans" 3
is "no key in use is in its memory" "$hits" ""
keepers=$(pgrep -P "$daemon" -x postseal-jail)
is "the process that makes them is there, and one for the probe" "$(wc -w <<<"$keepers")" 2
is "none in its memory" "$(perl "$TOP/tests/redteam/memory.pl" "$T/in-use" $keepers; echo $?)" 0
for pid in $keepers; do
	is "it is locked up, too" "$(field "$pid" Seccomp) $(field "$pid" NoNewPrivs) $(field "$pid" CapEff) $(field "$pid" CapPrm)" \
	    "2 1 0000000000000000 0000000000000000"
done
is "each has a user of its own" "$(ps -o user:20= -p "${keepers//$'\n'/,}" | sort | xargs)" \
    "postseal-parse postseal-probe"
# But for what tests a next hop, perhaps of another test just now.
is "which nothing else runs as" "$(ps -o comm= -u postseal-parse,postseal-probe | grep -vx posttls-finger | sort -u)" postseal-jail
wait "${RUNS[-1]}"
kill -KILL $keepers
both_keep() { # others than those
	local new

	new=$(pgrep -P "$daemon" -x postseal-jail) && [ "$(wc -w <<<"$new")" = 2 ] &&
	    ! grep -qFx "$keepers" <<<"$new"
}
wait_for 10 both_keep
api POST /api/v1/certificates/inspect -F "private_key=@$s/self-signed-key.pem" \
    -F "server_certificate=@$s/self-signed-cert.pem"
is "one that dies is followed by another" "$STATUS:$(j .ok)" 200:true
api GET /api/v1/status
is "that of the probe, too" "$STATUS:$(j '.live.error // "fine"')" 200:fine

# A kernel that lacks a part: closed, with words; "no" in postseal.conf: open,
# and it shows.
mkdir -p "$T/w/daemon" "$T/w/run" && chmod 755 "$T/w" "$T/w/run"
lacking()	# WHAT REQUIRED: postseal.conf of a host of its own
{
	inside_conf "$1-$2" "s|^state_directory = .*/daemon|state_directory = $T/w/daemon|" \
	    "s|^socket = .*|socket = $T/w/run/d.sock|" \
	    "s|^\[daemon\]|&\nsandbox_required = $2|"
}
ask_status()
{
	perl -MIO::Socket::UNIX -e '
		my $f = q({"op":"status","actor":{"user":"root","from":"local","via":"ctl"},"args":{}});
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
		syswrite $s, pack("N", length $f) . $f;
		my $all = "";
		1 while sysread $s, $all, 65536, length $all;
		print substr $all, 4' "$T/w/run/d.sock"
}
for what in landlock seccomp; do
	lacking $what yes
	lacking $what no
	timeout 20 "$B/redteam/without" $what "$B/postseald" -c "$T/$what-yes.conf" \
	    >"$T/out" 2>&1
	is "no $what: postseald ends" $? 1
	like "it says why, and what to do" "$(<"$T/out")" \
	    "[kK]ernel has no (Landlock|seccomp).*sandbox_required = no"
	timeout 20 "$B/redteam/without" $what "$B/postseal.fcgi" -c "$T/$what-yes.conf" \
	    >"$T/out" 2>&1
	is "so does postseal.fcgi" $? 1
	like "it says so, too" "$(<"$T/out")" \
	    "kernel has no (Landlock|seccomp).*sandbox_required = no"

	"$B/redteam/without" $what "$B/postseald" -c "$T/$what-no.conf" \
	    </dev/null >"$T/d.log" 2>&1 &
	one=$!
	"$B/redteam/without" $what "$B/postseal.fcgi" -c "$T/$what-no.conf" \
	    </dev/null >"$T/w.log" 2>&1 &
	two=$!
	wait_for 5 test -S "$T/$what-no.fcgi" -a -S "$T/w/run/d.sock"
	like "with the setting it answers" "$(perl tests/redteam/fcgi.pl "$T/$what-no.fcgi" get /healthz)" \
	    '"status":"ok"'
	like "postseald says what is missing" "$(<"$T/d.log")" 'parsed without'
	is "its status does" "$(ask_status | jq -r ".data.sandbox.inspect | [.complete, .landlock > 0, .seccomp, .no_new_privs, .limits] | join(\" \")")" \
	    "$(case $what in landlock) echo false false true true true ;; *) echo false true false true true ;; esac)"
	kill "$one" "$two"
	wait "$one" "$two" 2>/dev/null
	rm -rf "$T/w/run/"* "$T/$what-no.fcgi"
done

# The status.
api GET /api/v1/status
is "status" "$STATUS" 200
is "the worker that answers" "$(j '.sandbox.web | [.user, .landlock > 0, .seccomp, .no_new_privs, .limits, .complete] | join(" ")')" \
    "postseal true true true true true"
is "the inspection" "$(j '.sandbox.inspect | [.user, .landlock > 0, .seccomp, .no_new_privs, .limits, .complete] | join(" ")')" \
    "postseal-parse true true true true true"
is "postseald's powers" "$(j '.sandbox.postseald.capabilities | map("CAP_" + ascii_upcase) | sort | .[]')" "$unit"
is "it is root" "$(j .sandbox.postseald.user)" root
login a admin "$PASSWORD"
req GET /smtp-routing/connection -b "$T/jar.a"
is "the screen has it" "$STATUS $(grep -cE 'id="sandbox"|everything in force|<code>postseal-parse</code>|no_new_privs' "$BODY")" "200 3"
done_testing
