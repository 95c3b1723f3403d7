# container.sh - a Debian gateway with a systemd of its own, as PID 1.
# shellcheck shell=bash
#
# debootstrap makes a tree with systemd, Postfix, nginx and rsyslog as Debian
# sets them up, and what `deploy/install-packages build runtime` brings;
# systemd-nspawn boots it with a network of its own that nothing leaves.  The
# cgroups are pure version 2, as on a real Debian 12.  Landlock and bpf(2) are
# let through: nspawn's own filter would hide what our units use.
#
# TREE     where (default /tmp/postseal-systemd.*, removed at the end)
# KEEP=1   leave TREE's base, and use one that is there: saves two minutes
# MIRROR   http://deb.debian.org/debian

RELEASE=bookworm
MIRROR=${MIRROR:-http://deb.debian.org/debian}
KEEP=${KEEP:-}
NSPAWN=		# its process
BASE= ROOT=	# pristine tree; the one that is booted
BOOT_S=180

# Why this machine cannot do it at all, or nothing.
container_lacks()
{
	[ "$(id -u)" = 0 ] || { echo "needs root"; return; }
	command -v debootstrap >/dev/null || { echo "no debootstrap"; return; }
	command -v systemd-nspawn >/dev/null || echo "no systemd-nspawn"
}

container_bootstrap()
{
	local log=$T/bootstrap.log

	BASE=${TREE:-$(mktemp -d /tmp/postseal-systemd.XXXXXX)}/base
	ROOT=${BASE%/base}/root
	chmod 755 "${BASE%/base}" 2>/dev/null || mkdir -p "${BASE%/base}"
	exec 9>"${BASE%/base}/.lock"
	flock -n 9 || { note "another run uses ${BASE%/base}"; return 1; }
	CLEAN+=("container_remove")
	if [ ! -e "$BASE.done" ]; then
		rm -rf --one-file-system "$BASE"
		debootstrap --variant=minbase \
		    --include=systemd,systemd-sysv,dbus,ca-certificates,make \
		    $RELEASE "$BASE" "$MIRROR" </dev/null >"$log" 2>&1 &&
		container_packages >>"$log" 2>&1 || {
			tail -n 5 "$log" | sed 's/^/# /' >&2
			return 1
		}
		: >"$BASE.done"
	fi
	rm -rf --one-file-system "$ROOT"
	cp -a --reflink=auto "$BASE" "$ROOT"
}

# A command in the base tree, with the machine's network.
in_tree()
{
	systemd-nspawn --quiet --register=no --keep-unit --as-pid2 \
	    --timezone=off --pipe -D "$BASE" env \
	    DEBIAN_FRONTEND=noninteractive LC_ALL=C \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# As an administrator would before Postseal, with the machine's network.
container_packages()
{
	printf '#!/bin/sh\nexit 101\n' >"$BASE/usr/sbin/policy-rc.d" &&
	chmod 755 "$BASE/usr/sbin/policy-rc.d" &&
	printf 'postfix postfix/%s\n' 'main_mailer_type select Internet Site' \
	    'mailname string mx.example.test' 'protocols select all' |
	    in_tree debconf-set-selections &&
	in_tree apt-get -y -q \
	    --no-install-recommends install postfix nginx-light rsyslog \
	    logrotate openssl curl jq procps iproute2 &&
	rm "$BASE/usr/sbin/policy-rc.d" &&
	mkdir -p "$BASE/root/deploy" &&
	cp "$TOP"/deploy/{install-packages,packages,progress.sh} \
	    "$BASE/root/deploy/" &&
	in_tree /root/deploy/install-packages build runtime </dev/null &&
	in_tree sh -c 'command -v cc' </dev/null &&
	rm -r "$BASE/root/deploy" &&
	in_tree postconf -e inet_protocols=all \
	    myhostname=mx.example.test &&
	echo mx >"$BASE/etc/hostname"
}

container_remove()
{
	container_power_off
	rm -rf --one-file-system "$ROOT"
	[ -n "$KEEP" ] || rm -rf --one-file-system "${BASE%/base}"
}

# The process that is PID 1 inside.
container_leader()
{
	[ -n "$NSPAWN" ] && cat "/proc/$NSPAWN/task/$NSPAWN/children" \
	    2>/dev/null | tr ' ' '\n' | grep -m1 .
}

# inside COMMANDS: in a shell of root's, in his copy of the repository; the
# first that fails is the end of it.
inside()
{
	local pid

	pid=$(container_leader) || return 1
	timeout -k 10 "${LIMIT:-240}" nsenter -t "$pid" -a --wdns=/root/postseal \
	    env -i HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    bash -ec "$1" </dev/null
}

# Wait until PID 1 has started all that it wants to.
container_wait()
{
	local n

	for ((n = 0; n < BOOT_S * 4; n++)); do
		[ -d "/proc/$NSPAWN" ] || return 1
		case $(inside 'systemctl is-system-running' 2>/dev/null) in
		running|degraded) return 0 ;;
		esac
		sleep 0.25
	done
	return 1
}

container_boot()
{
	local landlock="landlock_create_ruleset landlock_add_rule landlock_restrict_self"

	mkdir -p "$ROOT/root/postseal"
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --boot \
	    --register=no --keep-unit --private-network --console=read-only \
	    --resolv-conf=off --timezone=off --link-journal=no \
	    --system-call-filter="$landlock bpf" \
	    -M "postseal-$$" -D "$ROOT" </dev/null >>"$T/console" 2>&1 &
	NSPAWN=$!
	container_wait
}

# systemd-nspawn leaves a reboot to whoever started it, by this status.
container_reboot()
{
	local n

	inside 'systemctl reboot' >/dev/null 2>&1
	for ((n = 0; n < BOOT_S * 4; n++)); do
		ended "$NSPAWN" && break
		sleep 0.25
	done
	ended "$NSPAWN" || return 1
	wait "$NSPAWN"
	[ $? = 133 ] && container_boot
}

# As by the switch: no process of it does anything any more.
container_power_cut()
{
	kill -KILL "$(container_leader)"
	wait "$NSPAWN" 2>/dev/null
	NSPAWN=
}

# SIGTERM is an orderly shutdown, for a while.
container_power_off()
{
	local n

	[ -n "$NSPAWN" ] || return 0
	kill -TERM "$NSPAWN" 2>/dev/null
	for ((n = 0; n < 240 && $(ended "$NSPAWN"; echo $?); n++)); do
		sleep 0.25
	done
	kill -KILL "$(container_leader)" "$NSPAWN" 2>/dev/null
	wait "$NSPAWN" 2>/dev/null
	NSPAWN=
}
