# Takes the files of a push from standard input and lets the guard make the change. Arguments: the guard's folder, the
# run, the seconds until the change goes back by itself. Each file: `file SIZE MODE OWNER PATH`, then its content;
# `tidy` lets the guard, which comes first, clear away what an earlier push left; `end` says that nothing is missing.
set -u
umask 077
trap : PIPE HUP # go on when the connection is lost; what is started here does not inherit it
base=$1
run=$2
seconds=$3
here=$base/$run
set --

refuse() {
	printf '%s\n' "$1"
	shift
	rm -f -- "$base/guard.new" "$@"
	rm -rf -- "$here"
	exit 3
}

mkdir -p -- "$here" || refuse "$here can't be made"
while :; do
	read -r what size mode owner path || refuse "the files came in incomplete" "$@"
	[ "$what" != end ] || break
	if [ "$what" = tidy ]; then
		mv -f -- "$base/guard.new" "$base/guard" && sh "$base/guard" tidy "$run" && sh "$base/guard" prune "$run" ||
			refuse "$base can't be written" "$@"
		set --
		continue
	fi
	set -- "$@" "$path"
	(umask 022 && mkdir -p -- "${path%/*}") && rm -f -- "$path" || refuse "$path can't be written" "$@"
	# A new file, closed for others until it has its owner and mode, and never through a link that somebody put there.
	(
		set -C
		exec 3>"$path" && chown -- "$owner" /proc/self/fd/3 && chmod -- "$mode" /proc/self/fd/3 && head -c "$size" >&3
	) || refuse "$path can't be written" "$@"
	[ "$(wc -c <"$path")" -eq "$size" ] || refuse "the files came in incomplete" "$@"
done
sync -- "$base/guard" "$@" || refuse "the files can't be written" "$@"
sh "$base/guard" prepare "$run" || {
	status=$?
	sh "$base/guard" tidy "$run"
	rm -f -- "$@"
	rm -rf -- "$here"
	exit "$status"
}
# On its own, so that it goes on to its end whatever becomes of this connection.
setsid -w sh "$base/guard" change "$run" "$seconds" </dev/null >"$here/log" 2>&1
status=$?
cat -- "$here/log"
exit "$status"
