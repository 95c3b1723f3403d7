#!/bin/bash
# deploy/install-packages: never at the cost of another package, never silent;
# and deploy/packages names what the programs are linked with.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/deploy" "$T/bin"
cp "$TOP"/deploy/{install-packages,progress.sh} "$T/deploy/"
printf '%s\n' 'g	postseal-mta	postseal-mta' 'g	gcc-none|gcc-old	postseal-cc' \
    'run	none-of-it	sh' 'runtime	bash	-' 'runtime	not-here|dash	-' \
    >"$T/deploy/packages"

# An apt-get that writes down what it is asked; $T/remv is what it would take
# away, and while $T/wait is there it goes on with its first package.
cat >"$T/bin/apt-get" <<EOT
#!/bin/bash
echo "\$*" >>"$T/asked"
case " \$* " in
*" -s "*postseal-mta*)
	cat "$T/remv" ;;
*" -s "*) ;;
*" install "*)
	echo "0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded."
	echo "Get:1 http://mirror.example/debian x/main amd64 liba amd64 1 [1 kB]"
	while [ -e "$T/wait" ]; do read -r -t 0.02 <> <(:); done
	for name in postseal-mta postseal-cc; do
		cp /bin/true "$T/bin/\$name"
	done ;;
esac
EOT
cat >"$T/bin/apt-cache" <<'EOT'
#!/bin/bash
[ "$2" = gcc-none ] || printf '%s:\n  Candidate: 1\n' "$2"
EOT
cat >"$T/bin/apt-mark" <<EOT
#!/bin/bash
echo "\$*" >>"$T/marked"
[ "\$1" != showauto ] || echo dash
EOT
chmod 755 "$T"/bin/*

packages()
{
	: >"$T/asked"
	PATH=$T/bin:$PATH PROGRESS_EVERY=${EVERY:-60} "$T/deploy/install-packages" "$@" 2>&1
}

policy=$(cat /usr/sbin/policy-rc.d 2>&1)
printf 'Remv exim4-daemon-light [4.96]\nRemv exim4-base [4.96] []\nInst a (1)\n' \
    >"$T/remv"
out=$(packages g)
is "another MTA is there: status 1" $? 1
like "the last line names what stands in the way" "${out##*$'\n'}" \
    '^postseal: postseal-mta cannot be installed beside exim4-daemon-light exim4-base: nothing was changed; '
is "that is all it says" "$(wc -l <<<"$out")" 2
unlike "nothing was installed" "$(grep -v '^-s ' "$T/asked")" 'install (postseal|gcc)'

: >"$T/remv" >"$T/wait"
EVERY=0.05 packages g >"$T/out" &
told()
{
	grep -q '^postseal: fetching liba, 1 of 3$' "$T/out"
}
RUNS=() PIDS=()
ok "it says what it is at, and how much there is" wait_for 20 told
rm -f "$T/wait"
wait $!
is "nothing in the way: status 0" $? 0
like "apt-get is told to remove nothing" "$(grep 'install postseal' "$T/asked")" \
    '--no-remove install postseal-mta gcc-old$'
is "what is there is not asked for" "$(packages g run; cat "$T/asked")" ""
is "policy-rc.d is as it was" "$(cat /usr/sbin/policy-rc.d 2>&1)" "$policy"
packages runtime
is "runtime: what is there under either name is kept for good" \
    "$(tail -n 1 "$T/marked")" "manual dash"

# make's words; an unfinished line at the end is none.
printf '  CC src/a.c\n  LD build/x\n  CC src/b.c\ncc: warning\n' >"$T/log"
. "$TOP/deploy/progress.sh"
is "make: file n of m" "$(progress_line "$T/log" 7)" "compiling src/b.c, 2 of 7"
printf '%s\n' 'tests/func/10-run.t ....... ok' '# x' 'tests/func/9-a.t .. ok' \
    >"$T/log"
is "prove: which was the last" "$(progress_line "$T/log" 7)" \
    "done with tests/func/9-a.t, 2 of 7"
printf '  CC src/a.c\n  CC src/b.c\n' >"$T/log"
is "more than was thought: no total" "$(progress_line "$T/log" 1)" \
    "compiling src/b.c, 2"
is "nothing yet: nothing" "$(progress_line /dev/null)" ""

# Each library that a program names, by the package it is of here.
unknown=
for name in postseald postseal.fcgi postsealctl postseal-sync postseal-logs postseal-pam; do
	for so in $(readelf -d "$B/$name" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		file=$(ldd "$B/$name" | awk -v so="$so" '$1 == so { print $3 }')
		package=$({ dpkg -S "$file" || dpkg -S "/usr$file"; } 2>/dev/null)
		package=${package%%:*}
		[ "$package" = libc6 ] || awk -v p="$package" '$1 == "runtime" {
			n = split($2, a, "|")
			for (i = 1; i <= n; i++)
				hit = hit || a[i] == p
		} END { exit !hit }' "$TOP/deploy/packages" ||
			unknown+=" $name:$so:$package"
	done
done
is "group runtime has every library that a program is linked with" "$unknown" ""
done_testing
