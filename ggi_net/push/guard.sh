# Keeps a push safe on the device itself: what ran before comes back unless the push is confirmed. A push puts this
# file at /var/lib/ggi/push/guard and calls it; it needs nothing but a POSIX shell, coreutils and util-linux.
#
#   guard status                  which push is armed, and for how long; nothing when none is
#   guard restore                 bring back what ran before the armed push, now
#   guard boot                    the same at start-up, before the daemons: puts the files back, starts nothing
#   guard prepare|change|confirm  the steps of a push
#
# /var/lib/ggi/push/<run>/ has of each push: plan (what becomes of each file), manifest (what each file was: number of
# its copy, mode, owner, path; - for none), the copies, shown.* (what daemons ran), tests, and apply and undo (line by
# line what makes the daemons take a file, and take it back). Beside each file of the armed push lies .ggi-old.<name>, a second name of the old
# file: going back is renaming, which takes no room on the disk. The one file `armed` decides: while it is there, the
# old files come back. Every step can be killed and done again.
set -u
umask 077
base=${0%/*}
root=${base%/var/lib/ggi/push}
unit=ggi-push-restore.service
export GGI_PUSH="$base" # for commands that are tools of ours

beside() { printf '%s/.ggi-%s.%s' "${2%/*}" "$1" "${2##*/}"; }
fail() { printf '%s\n' "$2"; exit "$1"; }
hold() { exec 8>"$base/lock" && flock 8 || fail 6 "$base/lock can't be held"; }
armed_run() { read -r armed deadline 2>/dev/null <"$base/armed"; }
uptime_seconds() { cut -d. -f1 "$root/proc/uptime" 2>/dev/null; }

# What killed or finished pushes left beside the files. Not while one is armed.
tidy() {
	[ ! -e "$base/armed" ] || return 0
	for plan in "$base"/*/plan; do
		[ -e "$plan" ] || continue
		while read -r _ path; do
			rm -f -- "$(beside new "$path")" "$(beside old "$path")"
		done <"$plan"
	done
}

# Only the newest runs are kept; their names begin with their time.
prune() {
	set -- "$base"/*/
	while [ $# -gt "$keep" ]; do
		[ "$1" = "$base/$run/" ] || rm -rf -- "$1"
		shift
	done
}

prepare() {
	[ ! -e "$base/armed" ] || fail 5 "another push is armed"
	number=0
	: >"$here/manifest.new" || fail 3 "a file can't be written"
	while read -r _ path; do
		number=$((number + 1))
		old=$(beside old "$path")
		if [ -e "$path" ] || [ -L "$path" ]; then
			ln -P -- "$path" "$old" && cat -- "$path" >"$here/$number" &&
				line="$number $(stat -L -c '%a %U:%G %n' -- "$path")" || fail 3 "$path can't be kept"
		else
			line="- - - $path"
		fi
		printf '%s\n' "$line" >>"$here/manifest.new" || fail 3 "a file can't be written"
	done <"$here/plan"
	while read -r file command; do
		sh -c "$command" </dev/null >"$here/shown.$file" 2>/dev/null || rm -f -- "$here/shown.$file" # it does not run
	done <"$here/shows"
	mv -f -- "$here/manifest.new" "$here/manifest" && sync -- "$here"/* "$here" || fail 3 "a file can't be written"
	while read -r command; do
		sh -c "$command" </dev/null >"$here/said" 2>&1 || {
			printf 'refused %s\n' "$command"
			cat -- "$here/said"
			exit 3
		}
	done <"$here/tests"
	rm -rf -- "$here/stage"
}

change() {
	hold
	[ ! -e "$base/armed" ] || fail 5 "another push is armed"
	echo $$ >"$here/pid"
	now=$(uptime_seconds)
	deadline=${now:+$((now + seconds))}
	printf '%s %s\n' "$run" "$deadline" >"$base/armed.new" && sync -- "$base/armed.new" || fail 3 "it can't be armed"
	mv -f -- "$base/armed.new" "$base/armed" && sync -- "$base" || fail 3 "it can't be armed"
	at_boot && start_timer || {
		disarm
		fail 3 "no rollback could be armed"
	}
	while read -r what path; do
		if [ "$what" = put ]; then
			mv -f -- "$(beside new "$path")" "$path"
		else
			rm -f -- "$path"
		fi || {
			echo "$path can't be put in place"
			take_back
			exit 4
		}
	done <"$here/plan"
	number=0
	while read -r command; do
		number=$((number + 1))
		echo "$number" >"$here/begun"
		sh -c "$command" </dev/null >"$here/said" 2>&1 8>&- && continue
		printf 'refused %s\n' "$command"
		cat -- "$here/said"
		take_back
		exit 4
	done <"$here/apply"
	rm -f -- "$here/pid"
}

# The old files, and the daemons that had begun to use the new ones.
take_back() {
	files_back
	begun=0
	[ ! -e "$here/begun" ] || read -r begun <"$here/begun"
	number=0
	while read -r command; do
		number=$((number + 1))
		[ "$number" -le "$begun" ] || break
		sh -c "$command" </dev/null 8>&- || echo "going back, '$command' failed"
	done <"$here/undo" >"$here/undone" 2>&1
	echo reverted >"$here/outcome"
	disarm
	cat -- "$here/undone"
}

files_back() {
	while read -r copy _ _ path; do
		old=$(beside old "$path")
		if [ "$copy" = - ]; then
			rm -f -- "$path"
		elif [ "$old" -ef "$path" ]; then
			rm -f -- "$old" # it was not replaced yet
		elif [ -e "$old" ] || [ -L "$old" ]; then
			mv -f -- "$old" "$path"
		fi || fail 1 "$path can't be put back"
		rm -f -- "$(beside new "$path")"
	done <"$here/manifest"
	while read -r _ _ _ path; do
		sync -- "${path%/*}"
	done <"$here/manifest"
}

disarm() {
	rm -f -- "$base/armed" "$here/pid"
	sync -- "$base"
	at_boot_no_more
	stop_timer
}

# A change that still runs is ended first: it would go on putting new files in place.
end_change() {
	pid=$(cat -- "$here/pid" 2>/dev/null) || return 0
	runs "$pid" "change" && kill -KILL "-$pid" 2>/dev/null
	return 0
}

# Whether process $1 is still this script's, in its step $2 of this run: ids are used again.
runs() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "guard $2 $run "; }

restore() {
	armed_run || return 0
	[ -z "$run" ] || [ "$run" = "$armed" ] || return 0
	run=$armed
	here=$base/$run
	end_change
	hold
	[ -e "$base/armed" ] || return 0
	take_back
}

boot() {
	armed_run || return 0
	run=$armed
	here=$base/$run
	hold
	files_back
	echo reverted >"$here/outcome"
	disarm
	[ ! -d "$root/run/systemd/system" ] || systemctl daemon-reload
}

confirm() {
	hold
	if armed_run; then
		[ "$armed" = "$run" ] || fail 5 "armed is $armed"
		mv -f -- "$base/armed" "$here/confirmed" && sync -- "$base" "$here" || fail 6 "it can't be confirmed"
	elif [ ! -e "$here/confirmed" ]; then
		fail 5 "it went back already"
	fi
	disarm
	tidy
}

status() {
	armed_run || return 0
	now=$(uptime_seconds)
	if [ -n "$deadline" ] && [ -n "$now" ]; then
		left=$((deadline - now))
		[ "$left" -ge 0 ] || left=0
	else
		left=-
	fi
	printf '%s %s\n' "$armed" "$left"
}

# After a restart of the device, before its network and its daemons start.
at_boot() {
	folder=$root/etc/systemd/system
	[ -d "$folder" ] || return 0
	mkdir -p -- "$folder/sysinit.target.wants" && cat >"$folder/$unit" <<UNIT &&
[Unit]
Description=Bring back what ran before a push that nobody confirmed
DefaultDependencies=no
RequiresMountsFor=$base /etc
After=local-fs.target
Before=sysinit.target network-pre.target systemd-sysctl.service nftables.service networking.service shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh $base/guard boot
UNIT
		ln -sfn -- "../$unit" "$folder/sysinit.target.wants/$unit" &&
		sync -- "$folder/$unit" "$folder/sysinit.target.wants" "$folder"
}

at_boot_no_more() {
	folder=$root/etc/systemd/system
	rm -f -- "$folder/sysinit.target.wants/$unit" "$folder/$unit"
}

# Both clocks go on counting whatever becomes of the time of day.
start_timer() {
	if [ -d "$root/run/systemd/system" ]; then
		systemd-run --quiet --collect --unit="ggi-push-$run" --on-active="$seconds" \
			--timer-property=AccuracySec=100ms --property=Restart=on-failure --property=RestartSec=2 \
			/bin/sh "$base/guard" restore "$run"
	else
		setsid sh "$base/guard" wait "$run" "$seconds" </dev/null >/dev/null 2>&1 8>&- &
		echo $! >"$here/timer" && kill -0 $!
	fi
}

stop_timer() {
	if [ -d "$root/run/systemd/system" ]; then
		systemctl stop "ggi-push-$run.timer" 2>/dev/null
	else
		pid=$(cat -- "$here/timer" 2>/dev/null) && runs "$pid" wait && kill -KILL "-$pid" 2>/dev/null
	fi
	return 0
}

wait_and_restore() {
	sleep "$seconds"
	rm -f -- "$here/timer"
	until sh "$base/guard" restore "$run"; do
		sleep 2
	done
}

what=${1:-}
run=${2:-}
here=$base/$run
seconds=${3:-0}
keep=5
case $what in
prepare | change | confirm | restore | boot | status | tidy | prune) "$what" ;;
wait) wait_and_restore ;;
*) fail 64 "usage: guard status|restore|boot|confirm RUN" ;;
esac
