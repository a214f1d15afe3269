#!/bin/bash
# The job in the virtual machine: an access point with its rendered files, the switch of its site with the gemeente's
# RADIUS server behind it, and a visitor's laptop. It judges nothing: the tests on the host read what it leaves here.
set -eu
nothing=/run/nothing
mkfifo $nothing
say() { echo "[$(cut -d' ' -f1 /proc/uptime)] $*"; }
pause() { read -rt 0.05 <>"$nothing" || true; }
# Wait until a file holds a text; without a process, for a process is what costs time here.
holds() {
  for _ in {1..600}; do
    [[ -e $1 && $(<"$1") == *"$2"* ]] && return
    pause
  done
  say "never: $2 in $1"
  exit 1
}
gone() {
  for _ in {1..600}; do
    [[ -e $1 ]] || return 0
    pause
  done
  say "still there: $1"
  exit 1
}
in_site() { ip netns exec site "$@"; }
in_laptop() { ip netns exec laptop "$@"; }

while read -r module; do
  busybox insmod "$module" $([[ $module == *hwsim* ]] && echo radios=2)
done <radios
say radios

# The site: its gateway in both VLANs, and the RADIUS server behind it.
ip netns add site
ip link add eth0 type veth peer name port netns site
in_site sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
in_site ip link add link port name port.340 type vlan id 340
in_site ip link add server type dummy
for link in lo port port.340 server; do in_site ip link set "$link" up; done
while read -r link address; do in_site ip address add "$address" dev "$link"; done <site
cp -a radius/etc/freeradius radius/etc/ggi /etc/
install -d -o freerad -g freerad /run/freeradius
in_site setpriv --reuid=freerad --regid=freerad --init-groups \
  freeradius -f -d /etc/freeradius/3.0 -n radiusd >freeradius.out 2>&1 &

# The access point, as Debian starts it.
sysctl -q -w net.ipv6.conf.default.accept_dad=0
cp -a ap/etc/. /etc/
sysctl -q -e -p /etc/sysctl.d/90-ggi.conf
nft -f /etc/nftables.conf
mkdir -p /run/network
ifup --all >ifup.out 2>&1
say interfaces
holds /var/log/freeradius/radius.log "Ready to process requests"
say freeradius
hostapd -B -P /run/hostapd.pid -f hostapd.log /etc/hostapd/2ghz.conf
holds hostapd.log AP-ENABLED
hostapd_cli -i wlan0 status >air
say hostapd

ip netns add laptop
iw phy "$(cat /sys/class/net/wlan1/phy80211/name)" set netns name laptop
visit() {
  in_laptop wpa_supplicant -B -P /run/wpa.pid -i wlan1 -D nl80211 -c "$1.conf" -f "$1.supplicant"
  holds "$1.supplicant" CTRL-EVENT-CONNECTED
  in_laptop wpa_cli -p /run/wpa status >"$1.status"
  hostapd_cli -i wlan0 all_sta >"$1.station"
  say "$1"
}
visit wpa3
# What a push does: read the interfaces again, and start hostapd again.
ifreload --all >ifreload.out 2>&1
bridge -o link >ports
say interfaces again
hostapd=$(</run/hostapd.pid)
kill "$hostapd"
while [[ -e /proc/$hostapd ]]; do pause; done
hostapd -B -P /run/hostapd.pid -f hostapd.again /etc/hostapd/2ghz.conf
holds hostapd.again AP-STA-CONNECTED
bridge -o link >ports.again
hostapd_cli -i wlan0 all_sta >again.station
say back
in_laptop ip address add "$(cat visitor)" dev wlan1
in_laptop ip route add default via "$(cat gateway)"
in_laptop ping -q -c 2 -i 0.2 -W 2 "$(cat gateway)" >gateway.ping && echo reached >gateway.reached
while read -r address; do
  in_laptop ip route add "$address" dev wlan1
  in_laptop ping -q -c 1 -W 0.4 "$address" >/dev/null && echo "$address" >>reached
  in_laptop ip neighbour show to "$address" >>neighbours
done <forbidden
say pings
in_laptop wpa_cli -p /run/wpa terminate >/dev/null
holds wpa3.supplicant CTRL-EVENT-TERMINATING
gone /run/wpa.pid # until then it may still take the radio down, under the next one
visit wpa2
holds /var/log/freeradius/govroam.json '"result":"stop"'
cp /var/log/freeradius/govroam.json /var/log/freeradius/radius.log .
nft list ruleset >ruleset
say done
