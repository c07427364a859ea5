package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one server, apart from this program.
type process struct {
	name    string
	address string
	command *exec.Cmd
	log     string // file of what it says
	ended   chan error
	readyAt time.Duration // from before it was started to its first answer that it is ready
	readyOn time.Duration // processor time it had taken by then
}

// mostPatience is how long a server may take until it is ready, or to stop: a million records are read at the start.
const mostPatience = 15 * time.Minute

// launch starts a server on a free port of the loopback, and waits until ready answers with 200.
func (h *harness) launch(ctx context.Context, name, ready string, env []string, command func(address string) []string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	h.launched++
	log, err := os.OpenFile(filepath.Join(h.scratch, fmt.Sprintf("%d.log", h.launched)), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	words := command(address)
	p := &process{name: name, address: address, log: log.Name(), ended: make(chan error, 1)}
	p.command = exec.Command(words[0], words[1:]...) // it ends by a signal, so that it can close its record
	p.command.Env = append(os.Environ(), env...)
	p.command.Stdout, p.command.Stderr = log, log
	began := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	h.running = append(h.running, p)
	go func() { p.ended <- p.command.Wait() }()
	if err := p.await(ctx, ready); err != nil {
		return nil, err
	}
	p.readyAt = time.Since(began)
	p.readyOn, err = p.processorTime()
	return p, err
}

// await asks again and again whether the server is ready.
func (p *process) await(ctx context.Context, path string) error {
	patience, done := context.WithTimeout(ctx, mostPatience)
	defer done()
	question := []byte("GET " + path + " HTTP/1.1\r\nHost: " + p.address + "\r\n\r\n")
	for {
		if c, err := dial(patience, p.address); err == nil {
			status, answer, err := c.ask(question)
			c.close()
			switch {
			case err == nil && status == 200:
				return nil
			case err == nil && status/100 == 4:
				return fmt.Errorf("%s answers %s with status %d: %.1000s", p.name, path, status, answer)
			}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, err, p.said())
		case <-patience.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, context.Cause(patience), p.said())
		case <-time.After(time.Millisecond):
		}
	}
}

// stop lets the server end what it has begun.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		p.ended <- err // whoever stops it again is told the same
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
			return fmt.Errorf("%s ended with %w\n%s", p.name, err, p.said())
		}
		return nil
	case <-time.After(mostPatience):
		return errors.Join(fmt.Errorf("%s did not stop", p.name), p.command.Process.Kill())
	}
}

// said is the end of what the server said, without its access log.
func (p *process) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	var kept []string
	for line := range strings.Lines(string(text[max(0, len(text)-64<<10):])) {
		if !strings.Contains(line, "msg=request ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept[max(0, len(kept)-20):], "")
}

// forget empties the log: access logs of a long run would fill the disk.
func (p *process) forget() error { return os.Truncate(p.log, 0) }

// tick is the unit of processor time in /proc, as Linux has it on all machines that Go runs on.
const tick = 10 * time.Millisecond

// processorTime is what the process has used of the processors, in user and kernel mode, all threads together.
func (p *process) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, found := bytes.Cut(text, []byte(") ")) // the name before may hold spaces
	fields := strings.Fields(string(after))
	const user, kernel = 11, 12 // places after the name
	if !found || len(fields) <= kernel {
		return 0, fmt.Errorf("the kernel says of %s: %q", p.name, text)
	}
	var sum time.Duration
	for _, field := range fields[user : kernel+1] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the kernel says of %s: %w", p.name, err)
		}
		sum += time.Duration(ticks) * tick
	}
	return sum, nil
}

// held is what a process holds of the memory, in bytes.
type held struct {
	now, most int64 // resident, now and at most since it began
	own       int64 // of now, what is no file: the program itself is one, and its pages are given back when others need them
}

func (p *process) memory() (held, error) {
	var h held
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return h, err
	}
	fields := map[string]*int64{"VmRSS": &h.now, "VmHWM": &h.most, "RssAnon": &h.own}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		to, wanted := fields[name]
		if !wanted {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return h, fmt.Errorf("the kernel says of %s: %w", p.name, err)
		}
		*to = kilobytes << 10
	}
	return h, nil
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// output runs a command to its end and gives what it printed.
func output(ctx context.Context, folder string, words ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir = folder
	var out, told bytes.Buffer
	command.Stdout, command.Stderr = &out, io.Writer(&told)
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, told.Bytes())
	}
	return out.Bytes(), nil
}
