#!/usr/bin/env bash
# The command line of shoji-broker: what it prints, what it refuses, and its exit statuses. Starts no broker but one that must refuse.
# Usage: options.sh PROGRAM
set -uo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n_failed=0

# expect STATUS TEXT ARGUMENTS...: exit status, and a text in what it prints.
expect() {
	local status=$1 text=$2 out
	shift 2
	out=$("$program" "$@" 2>&1)
	local got=$?
	if [ "$got" -ne "$status" ] || ! grep -qF -- "$text" <<<"$out"; then
		echo "shoji-broker $*: exit status $got (expected $status), no '$text' in:"
		echo "$out" | head -n 5
		n_failed=$((n_failed + 1))
	fi
}

expect 0 'shoji-broker 0.' --version
expect 0 '--check-config FILE' --help
expect 2 'unknown option' --no-such-option
expect 2 'an argument too many' extra
expect 2 'markdown or roff' --write-docs pdf
expect 2 'no such role' --role=nobody --uid=1 --gid=1 --root=/
expect 2 'not a user or group id' --role=gate --uid=-1
expect 2 'missing.yaml' --check-config "$work/missing.yaml"

echo 'gate: {listen: "127.0.0.1:1"}' >"$work/good.yaml"
expect 0 'valid' --check-config "$work/good.yaml"
expect 0 '127.0.0.1:1' --dump-config "$work/good.yaml"
echo 'gate: {lissen: "127.0.0.1:1"}' >"$work/bad.yaml"
expect 2 'listen' --check-config "$work/bad.yaml"
for value in 'deny: ["-x-.example"]' 'deny_addresses: ["10.0.0.0/99"]' 'hosts: {a.example: "not an address"}' 'upstream: "x:80"
  mode: nonsense'; do
	printf 'egress:\n  %s\n' "$value" >"$work/egress.yaml"
	expect 2 'egress' --check-config "$work/egress.yaml"
done
echo 'gate: {origins: ["http://a.example"]}' >"$work/origins.yaml"
expect 2 'gate.origins' --check-config "$work/origins.yaml"
expect 2 'bad.yaml' --config "$work/bad.yaml"

# The dump is a configuration, and the same one.
for from in defaults good; do
	[ "$from" = defaults ] && "$program" --dump-config >"$work/dump.yaml" ||
		"$program" --dump-config "$work/good.yaml" >"$work/dump.yaml"
	expect 0 'valid' --check-config "$work/dump.yaml"
	"$program" --dump-config "$work/dump.yaml" >"$work/again.yaml"
	cmp "$work/dump.yaml" "$work/again.yaml" || n_failed=$((n_failed + 1))
done

"$program" --write-docs markdown | cmp - "$(dirname "$0")/../../docs/configuration.md" || n_failed=$((n_failed + 1))
expect 0 '.TP' --write-docs roff

# A run folder that others may write, and files that are not there: refused, with what to do, and nothing is made.
mkdir "$work/open" && chmod 777 "$work/open"
cat >"$work/open.yaml" <<END
broker: {run_folder: $work/open, data_folder: $work/data, require_isolation: reduced}
END
expect 1 'is writable by others' --config "$work/open.yaml"
sed "s#$work/open#$work/run#" "$work/open.yaml" >"$work/files.yaml"
mkdir "$work/empty"
echo "gate: {viewer_folder: $work/empty}" >>"$work/files.yaml"
expect 1 'index.html' --config "$work/files.yaml"
[ ! -e "$work/run" ] || { echo "a failed start left its run folder"; n_failed=$((n_failed + 1)); }

[ "$n_failed" -eq 0 ] && echo "all as expected"
