#!/usr/bin/env bash
# Runs the commands of README files as a reader would: every line of a ```sh block, in order, from the top of the tree.
#
#   tests/readme.sh TREE FILE…
#
# A `serve` goes on beside the commands that follow it, on a port that is free here. A command that only starts the tests
# is left out, since they are running. Whoever reads has an application.json and a stock opa of their own; so have we.
set -euo pipefail

tree=$1
shift
cd "$tree"
cp tests/cases/applications/magnet_to_germany.json application.json

port=$((20000 + RANDOM % 20000))
export GREENCHANNEL_LISTEN=127.0.0.1:$port
XDG_STATE_HOME=$(mktemp -d) # the record of this run, and of no other
export XDG_STATE_HOME
service=

# stop ends the service and waits for it, since it writes into its folder to the last. It holds the lock, as does whatever it
# started, until it is gone.
stop() {
	if [[ -n $service ]]; then
		kill -- "-$service" 2>/dev/null || true
		flock --timeout 60 "$XDG_STATE_HOME/running" true || { echo "the service did not end within a minute" >&2 && exit 1; }
	fi
	rm -rf "$XDG_STATE_HOME"
}
trap stop EXIT

commands() { awk '/^```/ {inside = ($0 == "```sh"); next} inside && NF && $1 !~ /^#/' "$1"; }

# ready waits until the service answers that it is.
ready() {
	local _
	for _ in {1..600}; do
		curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz" && return
		kill -0 "$service" 2>/dev/null || break
		sleep 0.2
	done
	echo "the service did not get ready" >&2
	return 1
}

ran=0
for file in "$@"; do
	while IFS= read -r line; do
		case $line in
		tests/run.sh*) continue ;;
		*' serve'*)
			echo "\$ $line &"
			setsid bash -c "flock 9 && exec $line" 9>"$XDG_STATE_HOME/running" &
			service=$!
			ready
			;;
		*)
			echo "\$ $line"
			answer=$(bash -euo pipefail -c "${line//127.0.0.1:8181/127.0.0.1:$port}")
			[[ -n $answer ]] || { echo "that printed nothing" && exit 1; }
			head -n 12 <<<"$answer" | cut -c 1-160
			if [[ $line == *curl*/v1/decisions* && $answer != *'"outcome"'* ]]; then
				echo "that is no decision" && exit 1
			fi
			;;
		esac
		ran=$((ran + 1))
	done < <(commands "$file")
done
((ran > 0)) || { echo "no command was found in $*" && exit 1; }

rm application.json
left=$(git status --porcelain --untracked-files=all | grep -v '^A ' || true)
[[ -z $left ]] || { printf 'the commands left something behind in the tree:\n%s\n' "$left" && exit 1; }
echo "$ran commands"
