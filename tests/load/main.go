// Command load measures how fast the decision service is, against OPA's own server on the same bundle and against a floor
// that decides nothing: each as a process of its own, in turns, in one run. It checks every answer while it measures, states
// the aim beside each figure, and calls an aim missed where it is. It judges no decision (tests/cases does), and nothing
// fails because of a figure: a timing is no test.
//
//	go run ./tests/load [flags]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == floorCommand {
		os.Exit(serveFloor(os.Args[2:], os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings say what is measured, and how long.
type settings struct {
	rounds      int
	round       time.Duration
	lines       []int // of applications
	connections []int
	distinct    int // different applications of each size
	starts      int
	batches     int // per round and evaluator
	batchItems  int
	clones      int // entries that are added to the control list before it is activated under load

	activation         bool // and nothing else
	growth             bool
	entries, parties   int // of the grown lists
	history            int // records
	soak, soakSampling time.Duration
	soakConnections    int
	memoryLimit        string

	binary, json string
	command      string
	seed         uint64
}

func standard() settings {
	return settings{
		rounds: 5, round: time.Second, lines: []int{1, 5, 100}, connections: []int{1, 8, 64}, distinct: 64,
		starts: 10, batches: 2, batchItems: 1000, clones: 100_000,
		entries: 100_000, parties: 1_000_000, history: 1_000_000, soakSampling: time.Second, soakConnections: 8,
	}
}

// quick makes everything short: a look at whether it runs, of which the figures say little.
func (s *settings) quick() {
	s.rounds, s.round = 2, 200*time.Millisecond
	s.starts, s.batches, s.batchItems, s.clones = 2, 1, 100, 1000
	s.entries, s.parties, s.history = 1000, 2000, 2000
	s.soakSampling = 100 * time.Millisecond
}

// run measures what the flags ask for and prints it. It returns 0 when all was measured, whatever the figures are, and 2
// when something could not be or an answer was wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if err != nil {
		if err != flag.ErrHelp {
			fmt.Fprintln(stderr, "load:", err)
		}
		return 2
	}
	taken, err := measured(ctx, s, stderr)
	if taken != nil { // what was measured before something failed is worth minutes
		err = errors.Join(err, taken.write(stdout, s.json))
	}
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 2
	}
	return 0
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := standard()
	if slices.Contains(args, "-quick") || slices.Contains(args, "--quick") {
		s.quick() // first, so that other flags go before it wherever they stand
	}
	s.command = strings.TrimSpace("go run ./tests/load " + strings.Join(args, " "))
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Bool("quick", false, "measure everything for a moment only")
	flags.BoolVar(&s.activation, "activation", false, "activate a bundle with a long control list under load, and measure nothing else")
	flags.BoolVar(&s.growth, "growth", false, "measure how latency grows with the lists and with the history, and nothing else")
	flags.DurationVar(&s.soak, "soak", 0, "let the service decide for so long, sample its memory, and measure nothing else")
	flags.IntVar(&s.rounds, "rounds", s.rounds, "how often each is measured, in an order that is shuffled each time")
	flags.DurationVar(&s.round, "round", s.round, "how long each is measured in a round")
	flags.IntVar(&s.distinct, "distinct", s.distinct, "how many different applications of each size are sent")
	flags.IntVar(&s.starts, "starts", s.starts, "how many starts are timed")
	flags.IntVar(&s.clones, "activate", s.clones, "entries that are added to the control list that is activated under load")
	flags.IntVar(&s.entries, "entries", s.entries, "entries that -growth adds to the control list")
	flags.IntVar(&s.parties, "parties", s.parties, "parties that -growth adds to the lists")
	flags.IntVar(&s.history, "history", s.history, "decisions that -growth puts into the record")
	flags.IntVar(&s.soakConnections, "soak-connections", s.soakConnections, "connections of -soak")
	flags.StringVar(&s.memoryLimit, "memory-limit", "", "GOMEMLIMIT of the service in -soak, such as 90MiB")
	flags.StringVar(&s.binary, "binary", "", "a greenchannel that was built before; built anew unless set")
	flags.StringVar(&s.json, "json", "", "`FILE` for the figures as JSON")
	flags.Uint64Var(&s.seed, "seed", 1, "seed of the order in each round")
	flags.Func("lines", "lines of the applications, such as 1,5,100", numbers(&s.lines))
	flags.Func("connections", "connections at once, such as 1,8,64", numbers(&s.connections))
	if err := flags.Parse(args); err != nil {
		return s, flag.ErrHelp
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("nothing is known of %q; every word is a flag", flags.Arg(0))
	}
	return s, s.check()
}

func (s settings) check() error {
	for _, least := range []struct {
		name string
		is   int
	}{{"rounds", s.rounds}, {"distinct", s.distinct}, {"starts", s.starts}, {"soak-connections", s.soakConnections}} {
		if least.is < 1 {
			return fmt.Errorf("-%s is %d; take 1 or more", least.name, least.is)
		}
	}
	if s.distinct > mostDistinct {
		return fmt.Errorf("-distinct is %d; take %d or fewer", s.distinct, mostDistinct)
	}
	most := slices.Max(s.connections)
	if s.soak > 0 {
		most = s.soakConnections
	}
	if s.distinct < most {
		return fmt.Errorf("-distinct is %d; with %d connections take as many: no two send the same application at once", s.distinct, most)
	}
	if s.round <= 0 {
		return fmt.Errorf("-round is %s; take a time such as 1s", s.round)
	}
	return nil
}

func numbers(to *[]int) func(string) error {
	return func(text string) error {
		*to = nil
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a number from 1 on", part)
			}
			*to = append(*to, n)
		}
		return nil
	}
}

// measured builds what is needed in a folder that is removed in the end, and measures.
func measured(ctx context.Context, s settings, progress io.Writer) (taken *figures, err error) {
	scratch, err := os.MkdirTemp("", "greenchannel-load-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	h := &harness{settings: s, scratch: scratch, progress: progress}
	defer h.stopAll()
	if h.root, err = moduleRoot(ctx); err != nil {
		return nil, err
	}
	if h.binary = s.binary; h.binary == "" {
		h.say("building")
		if h.binary, err = h.build(ctx); err != nil {
			return nil, err
		}
	}
	if h.binary, err = filepath.Abs(h.binary); err != nil {
		return nil, err
	}
	if h.evaluators, err = h.knownEvaluators(ctx); err != nil {
		return nil, err
	}
	taken = &figures{Machine: machine(), Command: s.command, Evaluators: h.evaluatorNames()}
	switch {
	case s.soak > 0:
		err = h.soaked(ctx, taken)
	case s.activation:
		err = h.activated(ctx, taken)
	case s.growth:
		err = h.grown(ctx, taken)
	default:
		err = h.compared(ctx, taken)
	}
	return taken, err
}
