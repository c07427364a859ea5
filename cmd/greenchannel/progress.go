package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressEvery is how often a command that takes long says so where there is no terminal.
const progressEvery = 5 * time.Second

// progress tells how far a long command is: with a bar on a terminal, and otherwise with a line now and then, so that a
// log of it stays short and a short command says nothing.
type progress struct {
	out  io.Writer
	what string
	of   string                   // what is counted
	bar  *progressbar.ProgressBar // nil before the first word, and where there is no terminal
	said time.Time
}

func newProgress(out io.Writer, what, of string) *progress {
	return &progress{out: out, what: what, of: of, said: time.Now()}
}

// reached says that so many of all are done. It may be told as often as is convenient.
func (p *progress) reached(done, total uint64) {
	if file, ok := p.out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		if p.bar == nil {
			p.bar = progressbar.NewOptions64(int64(total),
				progressbar.OptionSetWriter(p.out),
				progressbar.OptionSetDescription(p.what),
				progressbar.OptionShowCount(),
				progressbar.OptionShowIts(),
				progressbar.OptionSetItsString(p.of),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish(),
			)
		}
		_ = p.bar.Set64(int64(done)) // that a bar cannot be drawn is no reason to end
		return
	}
	if time.Since(p.said) >= progressEvery {
		p.said = time.Now()
		fmt.Fprintf(p.out, "%s: %d of %d\n", p.what, done, total)
	}
}

// aside takes the bar off the terminal for what is printed there by others.
func (p *progress) aside() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// end takes the bar away for good.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
