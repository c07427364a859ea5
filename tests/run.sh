#!/usr/bin/env bash
# Runs everything that has to hold before a change is taken, and closes with one line of counts.
#
#   tests/run.sh          all of it, as CI does; installs what it needs
#   tests/run.sh nightly  all of it, and the evaluators compared a million times (GREENCHANNEL_COMPARISONS), which takes a night
#   tests/run.sh quick    without linters that would have to be built, race detector, fuzzing and clean clone
#   tests/run.sh STEP…    only steps whose name contains one of the words, such as "rego" or "go test"
#
# Every step runs even when an earlier one failed: one run tells all that has to be mended. Tools are built from the
# module files in .ci/ into a cache outside the tree, once for each version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
export NO_COLOR=1

readonly fuzz_time=${GREENCHANNEL_FUZZTIME:-} # of each fuzz function; unless set, 60s for those of doors, 20s for those of evaluators and 10s for others
readonly comparisons=${GREENCHANNEL_COMPARISONS:-1000000}
readonly kill_rounds=${GREENCHANNEL_KILL_ROUNDS:-200}
readonly tools=${XDG_CACHE_HOME:-$HOME/.cache}/greenchannel/bin
scratch=$(mktemp -d)
readonly scratch
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
readonly tally=$scratch/tally # one line a count: passed failed skipped
: >"$tally"

quick=false
nightly=false
wanted=()
for word in "$@"; do
	case $word in
	quick) quick=true ;;
	nightly) nightly=true ;;
	-*) echo "usage: tests/run.sh [quick|nightly] [STEP…]" >&2 && exit 2 ;;
	*) wanted+=("$word") ;;
	esac
done

# --- running steps ---------------------------------------------------------------------------------------------------

table=()
broken=0

# step NAME COMMAND… runs one step in a shell of its own. A step that counts nothing itself counts as one.
step() {
	local name=$1 lines status began
	shift
	chosen "$name" || return 0
	printf '\n=== %s\n' "$name"
	lines=$(wc -l <"$tally")
	began=$SECONDS
	set +e
	(set -euo pipefail && "$@") 2>&1 | tee "$scratch/said"
	status=${PIPESTATUS[0]}
	set -e
	local counted
	counted=$(tail -n +$((lines + 1)) "$tally" | awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0, NR}')
	local passed failed skipped rows
	read -r passed failed skipped rows <<<"$counted"
	if ((status != 0 && failed == 0)); then
		echo "0 1 0" >>"$tally"
		failed=1
	elif ((status == 0 && rows == 0)); then
		echo "1 0 0" >>"$tally"
		passed=1
	fi
	local word=ok
	if ((status != 0 || failed > 0)); then
		word=FAILED
		broken=$((broken + 1))
		{ printf '\n=== what failed in %s\n' "$name" && failures "$scratch/said"; } >>"$scratch/failures"
	fi
	table+=("$(printf '%-7s %4d s  %6d passed %4d failed %3d skipped  %s' "$word" $((SECONDS - began)) "$passed" "$failed" "$skipped" "$name")")
	printf '%s: %s\n' "$name" "$word"
}

# failures FILE prints what of a step's output tells of failures, or its end. It stands again beside the summary, since a
# log of thousands of lines is read from its end.
failures() {
	grep -E -A 12 '^FAIL |^--- .*FAILED|_test\.go:[0-9]+:|^panic:' "$1" | head -n 120 || tail -n 30 "$1"
}

chosen() {
	((${#wanted[@]} == 0)) && return 0
	local word
	for word in "${wanted[@]}"; do
		[[ $1 == *"$word"* ]] && return 0
	done
	return 1
}

# note PASSED FAILED adds to the counts of the step that runs.
note() { echo "$1 $2 0" >>"$tally"; }

report() { go run ./tests/report "$@"; }

# --- what is needed --------------------------------------------------------------------------------------------------

# need COMMAND PACKAGE… installs Debian packages when a command is missing.
need() {
	local command=$1
	shift
	command -v "$command" >/dev/null && return
	echo "installing $* for the command $command"
	if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
		echo "the command $command is missing; install it (Debian: $*)" >&2
		return 1
	fi
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

prerequisites() {
	command -v go >/dev/null || { echo "Go is missing; go.mod says which version" >&2 && return 1; }
	need git git
	need curl curl ca-certificates
	need gcc gcc libc6-dev # for the race detector
	need node nodejs       # for OPA's own TypeScript client
	need npm npm
	postgres
	go version
	go mod download
	opa >/dev/null
	"$(opa)" version | sed -n 1p # reads to the end: a closed pipe would fail the step
}

# PostgreSQL, on which the record is tested as on SQLite. Debian keeps its programs beside the path.
postgres() {
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
}

# built NAME MODFILE PACKAGE prints the path of a tool at the version that the module file names, built if it is not there.
built() {
	local name=$1 modfile=$2 package=$3 version
	version=$(go list -modfile="$modfile" -f '{{with .Module}}{{.Version}}{{end}}' "$package")
	local binary=$tools/$name-$version-$(go env GOVERSION)
	if [[ ! -x $binary ]]; then
		mkdir -p "$tools"
		go build -modfile="$modfile" -tags nomsgpack -o "$binary.$$" "$package" && mv "$binary.$$" "$binary"
	fi
	echo "$binary"
}

# The stock command, of the very version that the service embeds.
opa() { built opa go.mod github.com/open-policy-agent/opa; }
golangci() { built golangci-lint .ci/golangci.mod github.com/golangci/golangci-lint/v2/cmd/golangci-lint; }
regal() { built regal .ci/regal.mod github.com/open-policy-agent/regal; }

# files PATTERN… lists files that git knows or would add, and that are there.
files() {
	local name
	git ls-files -z --cached --others --exclude-standard -- "$@" | while IFS= read -r -d '' name; do
		[[ ! -e $name ]] || printf '%s\0' "$name"
	done
}

# --- the steps -------------------------------------------------------------------------------------------------------

formatted() {
	local unformatted
	unformatted=$(files '*.go' | xargs -0 gofmt -l)
	[[ -z $unformatted ]] || { printf 'gofmt would change:\n%s\n' "$unformatted" && return 1; }
}

tidy() { go mod tidy -diff; }

vetted() { go vet -tags nomsgpack ./...; }

linted() {
	local lint
	lint=$(golangci)
	"$lint" run ./...
}

rego_formatted() {
	local unformatted
	unformatted=$("$(opa)" fmt --list policies tests/conventions)
	[[ -z $unformatted ]] || { printf 'opa fmt would change:\n%s\n' "$unformatted" && return 1; }
}

rego_linted() {
	local lint
	lint=$(regal)
	"$lint" lint policies tests/conventions
}

rego_checked() {
	"$(opa)" check --strict --schema policies/schemas --capabilities policies/capabilities/capabilities.json policies
	"$(opa)" check --strict tests/conventions
}

# The sources are counted; the same tests as a bundle have to pass as well, and count as one.
rego_tested() { "$(opa)" test --format json policies | report rego -tally "$tally"; }

rego_tested_as_folder_bundle() { "$(opa)" test --format json --bundle policies | report rego; }

rego_tested_as_archive() {
	"$(opa)" build --bundle policies --output "$scratch/one.tar.gz"
	"$(opa)" build --bundle policies --output "$scratch/two.tar.gz"
	cmp "$scratch/one.tar.gz" "$scratch/two.tar.gz" || { echo "two builds of the same policies differ" && return 1; }
	"$(opa)" test --format json --bundle "$scratch/one.tar.gz" | report rego
}

# The archive that leaves the house, signed, in the hands of a stock opa: its tests pass, it decides, and a server takes it by its
# signature and by no other.
rego_tested_as_release() {
	local here=$scratch/release
	local input=tests/cases/applications/magnet_to_germany.json
	mkdir -p "$here/keys"
	go build -tags nomsgpack -o "$here/greenchannel" ./cmd/greenchannel
	"$here/greenchannel" bundle build policies --output "$here/bundle.tar.gz"
	"$here/greenchannel" bundle keygen --private "$here/release.pem" --public "$here/keys/release.pub.pem"
	"$here/greenchannel" bundle keygen --private "$here/other.pem" --public "$here/other.pub.pem"
	"$here/greenchannel" bundle sign "$here/bundle.tar.gz" --key "$here/release.pem" --key-id release --scope production

	"$(opa)" test --format json --bundle "$here/bundle.tar.gz" | report rego
	local decided
	decided=$("$(opa)" eval --format raw --bundle "$here/bundle.tar.gz" --input "$input" data.rareearth.decision.application_id)
	[[ $decided == APP-2026-0001 ]] || { echo "opa eval says $decided" && return 1; }

	local verify=(--verification-key-id release --signing-alg ES256 --skip-version-check --server --addr "unix://$here/socket" --bundle "$here/bundle.tar.gz")
	! timeout 60 "$(opa)" run --verification-key "$here/other.pub.pem" --scope production "${verify[@]}" || { echo "a stock opa took the bundle by another key" && return 1; }
	"$(opa)" run --verification-key "$here/keys/release.pub.pem" --scope production "${verify[@]}" >"$here/log" 2>&1 &
	trap "kill $!" EXIT # of this step's own shell
	curl --silent --fail --retry 60 --retry-delay 1 --retry-all-errors --unix-socket "$here/socket" 'http://opa/health?bundles' >/dev/null || { cat "$here/log" && return 1; }
	decided=$(printf '{"input": %s}' "$(cat "$input")" | curl --silent --fail --unix-socket "$here/socket" --data @- http://opa/v1/data/rareearth/decision/outcome)
	[[ $decided == '{"result":"'*'"}' ]] || { echo "opa run says $decided" && return 1; }
}

rego_covered() { "$(opa)" test --coverage --coverage-runs= --format json policies | report coverage; }

# Rules seen firing and not firing by tests and cases, and a sample of mutants, small enough that its score may be some way
# from the one of all (policies/README.md says how to measure that). Each commit tries other ones; the same
# commit tries the same ones again. 90 % lets 6 of the 60 pass: while the tests notice 97.5 % of all mutants or more, fewer
# than one sample in a thousand has 7.
policies_tried() {
	local seed
	seed=$((16#$(git rev-parse --short=8 HEAD | cut -c 1-8)))
	go build -tags nomsgpack -o "$scratch/greenchannel" ./cmd/greenchannel
	"$scratch/greenchannel" test --cases tests/cases policies
	"$scratch/greenchannel" test --mutate --cases= --sample 60 --seed "$seed" --min-score 90 policies
}

conventions_tested() {
	"$(opa)" test --format json tests/conventions | report rego -tally "$tally"
	"$(opa)" test --coverage --coverage-runs= --format json tests/conventions | report coverage
}

# What looks at the service from outside, or evaluates more than it does at once, runs without the race detector, which makes
# evaluation some eight times slower: the rooms themselves run with it. A whole bundle that comes in is examined by its
# tests and by all cases, so those few tests run without it as well; the doors once more as a whole, since their answers are counted.
readonly outside='/tests/(cases|scripts|load)$|/server/policytest$'
readonly examined='^Test(SignedBundlesOnly|ABundleIsInForceAgain|BundlesThatFailTheirExamination|TwoRevisionsSideBySide|ABundleFromUploadToRollback|BundlesThatAreRefused|TheBundleIsFetched|TheTestsOfTheBundlePass|Fired|TheCatalogueIsFresh)$'

go_tested() {
	local race=(-race) inside=0 beyond=0
	! $quick || race=()
	go list ./... | grep -v '/tests/record$' | grep -vE "$outside" |
		xargs go test "${race[@]}" -skip "$examined" -tags nomsgpack -count=1 -timeout 25m -json |
		report go -tally "$tally" -skips tests/report/skips.yaml || inside=1
	{
		go list ./... | grep -E "$outside|/server/httpapi\$" | xargs go test -tags nomsgpack -count=1 -timeout 25m -json
		go test -run "$examined" -tags nomsgpack -count=1 -timeout 25m -json ./server ./server/engine ./cmd/greenchannel
	} | report go -tally "$tally" || beyond=1
	((inside + beyond == 0))
}

# The record under fire runs by itself: a service that is killed at a random moment has to be at work at that moment.
record_tested() {
	$quick || export GREENCHANNEL_KILL_ROUNDS=$kill_rounds
	go test -tags nomsgpack -count=1 -timeout 25m -json ./tests/record | report go -tally "$tally" -skips tests/report/skips.yaml
}

# Every fuzz function for a bounded time, four at once with one worker each: a minute each, one after the other, would be a
# third of the whole run. What they find is kept under testdata/fuzz by go test.
fuzzed() {
	local packages package target time jobs=$scratch/fuzz
	mkdir -p "$jobs"
	packages=$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u)
	for package in $packages; do
		for target in $(go test -tags nomsgpack -list '^Fuzz' "$package" | grep '^Fuzz'); do
			case $package/$target in
			*/server/httpapi/* | */FuzzOPA* | */FuzzAuthorization) time=${fuzz_time:-60s} ;;
			*/FuzzApplications | */FuzzPolicies | */FuzzSound) time=${fuzz_time:-20s} ;; # the executor against topdown: 60 s together
			*) time=${fuzz_time:-10s} ;;
			esac
			echo "$target $package $time"
		done
	done >"$jobs/list"
	[[ -s $jobs/list ]] || { echo "no fuzz function was found" && return 1; }
	xargs -P 4 -L 1 bash -c 'fuzz_one "$@"' "$jobs" <"$jobs/list" || true # who failed is told below
	while read -r target package time; do
		if [[ -e $jobs/${package//\//_}.$target.ok ]]; then
			note 1 0
		else
			note 0 1
		fi
	done <"$jobs/list"
}

# fuzz_one TARGET PACKAGE TIME fuzzes in a shell of its own and prints what came of it in one piece; $0 is where it notes
# that all was well. What is new is not made small, which takes a minute for each (-fuzzminimizetime).
fuzz_one() {
	local said=$0/${2//\//_}.$1
	# Go at times calls the end of the time a failure: it is one only with an input that failed.
	if go test -tags nomsgpack -run '^$' -fuzz "^$1\$" -fuzztime "$3" -fuzzminimizetime 1x -parallel 1 "$2" >"$said" 2>&1 ||
		{ grep -q '^ *context deadline exceeded$' "$said" && ! grep -qE 'Failing input|panic:|_test.go:' "$said"; }; then
		touch "$said.ok"
		printf -- '--- %s in %s, %s\n%s\n' "$1" "$2" "$3" "$(grep '^fuzz: elapsed' "$said" | tail -n 1)"
	else
		printf -- '--- %s in %s, %s: FAILED\n%s\n' "$1" "$2" "$3" "$(cat "$said")"
	fi
}
export -f fuzz_one

# The executor against topdown, on applications of the cases that are changed at random and on policies that are written at
# random: so many of each. A difference says its seed.
compared() {
	COMPARISONS=$comparisons go test -tags nomsgpack -count=1 -timeout 0 -run '^TestMany(Applications|Policies)$' -v ./server/plan |
		grep -E '^ *(applications|policies)_test.go|^(---|FAIL|ok|panic)'
}

# The README's commands as a newcomer meets them: a clean clone (of the commit if there is nothing else, else of what
# would be committed), and Go alone.
clean_clone() {
	local clone=$scratch/clone
	if [[ -z $(git status --porcelain) ]]; then
		git clone --quiet . "$clone"
	else
		mkdir "$clone" && git init --quiet "$clone"
		files | tar --create --null --files-from=- | tar --extract --directory "$clone"
		git -C "$clone" add --all
	fi
	mkdir "$scratch/path"
	ln -s "$(opa)" "$scratch/path/opa"
	PATH=$scratch/path:$PATH tests/readme.sh "$clone" README.md policies/README.md
}

step "prerequisites" prerequisites
step "gofmt" formatted
step "go.mod is tidy" tidy
step "go vet" vetted
$quick || step "golangci-lint" linted
step "rego format" rego_formatted
$quick || step "rego lint" rego_linted
step "rego check" rego_checked
step "rego tests" rego_tested
step "rego tests, folder as bundle" rego_tested_as_folder_bundle
step "rego tests, built bundle" rego_tested_as_archive
step "rego tests, released bundle" rego_tested_as_release
step "rego coverage" rego_covered
step "rules fire, and mutants are noticed" policies_tried
step "rego conventions" conventions_tested
step "go test" go_tested
step "the record under fire" record_tested
$quick || step "fuzzing" fuzzed
! $nightly || step "evaluators compared" compared
$quick || step "README on a clean clone" clean_clone

[[ ! -e $scratch/failures ]] || cat "$scratch/failures"
printf '\n=== summary\n'
((${#table[@]} > 0)) || { echo "no step is called ${wanted[*]}" && exit 2; }
printf '%s\n' "${table[@]}"
printf '%d s in all\n\n' "$SECONDS"
awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s}' "$tally"
((broken == 0))
