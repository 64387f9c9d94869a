#!/usr/bin/env bash
# certs/shoji-ca: what it makes is right and closed to others, and what is wrong is refused with a next step.
set -euo pipefail
ca=$(cd "$(dirname "$0")/../.." && pwd)/certs/shoji-ca
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
refused() { # WORDS COMMAND...: fails, and says the words
	local words=$1 said
	shift
	if said=$("$@" 2>&1); then fail "accepted: $*"; fi
	[[ $said == *"$words"* ]] || fail "'$*' said '$said', not '$words'"
}

umask 022
"$ca" init "$dir/ca" >/dev/null
"$ca" issue "$dir/ca" server 127.0.0.1 shoji.example.lg.jp ::1 >/dev/null
openssl verify -x509_strict -purpose sslserver -CAfile "$dir/ca/ca.crt" "$dir/ca/server.crt" >/dev/null
for name in 127.0.0.1 ::1; do
	openssl x509 -in "$dir/ca/server.crt" -noout -checkip "$name" | grep -q 'does match' || fail "$name is not in it"
done
openssl x509 -in "$dir/ca/server.crt" -noout -checkhost shoji.example.lg.jp | grep -q 'does match' || fail "the host is not in it"
text=$(openssl x509 -in "$dir/ca/server.crt" -noout -text)
[[ $text == *"NIST CURVE: P-256"* ]] || fail "not P-256"
begin=$(date -d "$(openssl x509 -in "$dir/ca/server.crt" -noout -startdate | cut -d= -f2)" +%s)
end=$(date -d "$(openssl x509 -in "$dir/ca/server.crt" -noout -enddate | cut -d= -f2)" +%s)
[ $(((end - begin) / 86400)) -le 397 ] || fail "good for more than 397 days"
[ "$(stat -c %a "$dir/ca")" = 700 ] || fail "the folder is open"
while read -r mode file; do
	[ "$mode" = 600 ] || fail "$file is $mode"
done < <(find "$dir" -name '*.key' -printf '%m %p\n')
[ "$(find "$dir" -name '*.key' | wc -l)" = 2 ] || fail "keys are missing"
[ -z "$(find "$dir/ca" -name '.new-*')" ] || fail "a working folder was left"

old=$(openssl x509 -in "$dir/ca/server.crt" -noout -serial)
"$ca" renew "$dir/ca" server >/dev/null
[ "$old" != "$(openssl x509 -in "$dir/ca/server.crt" -noout -serial)" ] || fail "not renewed"
openssl x509 -in "$dir/ca/server.crt" -noout -checkip 127.0.0.1 | grep -q 'does match' || fail "renewed without its names"
[ "$(openssl x509 -in "$dir/ca/server.crt" -noout -pubkey)" = "$(openssl pkey -in "$dir/ca/server.key" -pubout)" ] || fail "key and certificate differ"
"$ca" show "$dir/ca" | grep -q 'server .* 39[67] days left' || fail "show"

serial=$(openssl x509 -in "$dir/ca/server.crt" -noout -serial | cut -d= -f2)
"$ca" revoke "$dir/ca" server >/dev/null
openssl crl -in "$dir/ca/ca.crl" -noout -text | grep -q "$serial" || fail "not on the list of revocations"
[ ! -e "$dir/ca/server.key" ] || fail "a revoked key was kept"

refused 'Choose another folder' "$ca" init "$dir/ca"
refused "shoji-ca init" "$ca" issue "$dir/nowhere" server 127.0.0.1
refused 'neither a host name nor an IP address' "$ca" issue "$dir/ca" other 300.1.1.1
refused 'neither a host name nor an IP address' "$ca" issue "$dir/ca" other 'a,DNS:evil.example'
refused 'cannot name a certificate' "$ca" issue "$dir/ca" ../x 127.0.0.1
refused 'cannot name a certificate' "$ca" issue "$dir/ca" ca 127.0.0.1
refused 'there is no certificate' "$ca" renew "$dir/ca" server
refused 'shoji-ca issue' "$ca" issue "$dir/ca" server
chmod 644 "$dir/ca/ca.key"
refused 'can be read by others' "$ca" issue "$dir/ca" other 127.0.0.1
echo "shoji-ca: all is right"
