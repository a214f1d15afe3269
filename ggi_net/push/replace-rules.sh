# Replaces our table of nftables by the one in /etc/nftables.conf. Argument: the table's name (of family inet).
#
# A new ruleset in one transaction is not enough: a set with intervals that comes with it matches nothing until the
# kernel has worked through the whole transaction, while its rules decide already, and the policy of a chain that comes
# with it is set after that of the old chain is gone. So the new rules come behind a gate that lets all through, beside
# the old ones, which decide; when all of theirs is in force, one transaction closes the gate and takes the old ones
# away. That happens twice, since a table can't be renamed. At any moment the old rules decide, or the new ones, or both.
set -eu
table=$1
file=${0%/var/lib/ggi/push/*}/etc/nftables.conf
next=$1-next

gated() {
	sed -e "s/^\(.*\)\<inet $table\>/\1inet $1/" -e "s/^[[:space:]]*type .* hook .*/&\n\t\tjump ggi-gate/" \
		-e "s/^table inet $1 {/&\n\tchain ggi-gate {\n\t\taccept\n\t}/" "$file"
}
close() { printf 'flush chain inet %s ggi-gate\n' "$1"; }
gone() { printf 'table inet %s\ndelete table inet %s\n' "$1" "$1"; }

if ! grep -q "^table inet $table {" "$file" 2>/dev/null; then # the rules of somebody else, or none
	{ gone "$table" && gone "$next" && { [ ! -e "$file" ] || cat "$file"; }; } | nft -f -
elif ! nft list table inet "$table" >/dev/null 2>&1; then
	nft -f "$file"
else
	gated "$next" | nft -f -
	{ close "$next" && gated "$table"; } | nft -f - || { gone "$next" | nft -f -; exit 1; }
	{ close "$table" && gone "$next"; } | nft -f -
fi
