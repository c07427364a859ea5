// Package postgres runs a real PostgreSQL server for the tests that need one: a server of their own, with fsync on, on a
// Unix socket in a temporary folder. It speaks to the server by PostgreSQL's own programs alone, and knows nothing of what
// is kept there.
package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Server is one server. Its methods are for one goroutine, but Database, which any may call.
type Server struct {
	folder  string // data and socket
	tools   string // where initdb and postgres are
	account *syscall.Credential
	process *exec.Cmd
	log     bytes.Buffer
	names   atomic.Int64
}

// Start makes a server and starts it.
func Start() (*Server, error) {
	tools, err := programs()
	if err != nil {
		return nil, err
	}
	who, err := account()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "greenchannel-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, tools: tools, account: who}
	if who != nil {
		if err := os.Chown(folder, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	out, err := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--data-checksums").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.Restart()
}

// programs finds the folder of PostgreSQL's programs.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian keeps them beside the path
	if err == nil && len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed, and the record is tested on it: install it (Debian: apt-get install postgresql)")
	}
	return filepath.Dir(initdb), nil
}

// account is whom PostgreSQL runs as when the tests run as root, which it refuses.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("neither the user postgres nor nobody is there to run PostgreSQL as")
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.tools, name), args...)
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.account, Pdeathsig: syscall.SIGQUIT}
	return c
}

// Restart starts a server that was stopped, with options as postgres takes them, and waits until it answers.
func (s *Server) Restart(options ...string) error {
	usual := []string{
		"-D", s.data(), "-k", s.folder, "-h", "", "-c", "fsync=on", "-c", "max_connections=100", "-c", "shared_buffers=64MB",
		"-c", "log_min_messages=fatal",
	}
	s.process = s.command("postgres", append(usual, options...)...)
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	const patience = 30 * time.Second
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = s.command("pg_isready", "--quiet", "--host", s.folder).Run(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, s.log.String())
}

// Stop ends the server: with SIGINT it rolls back what is open and writes a checkpoint, with SIGQUIT it drops everything,
// as in a crash.
func (s *Server) Stop(signal syscall.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	_ = s.process.Wait() // a server that was told to drop everything does not exit with 0
	return nil
}

// Remove ends the server and removes what it kept.
func (s *Server) Remove() error {
	return errors.Join(s.Stop(syscall.SIGINT), os.RemoveAll(s.folder))
}

// URL names a database of the server.
func (s *Server) URL(database string) string {
	return "postgres://postgres@/" + database + "?" + url.Values{"host": {s.folder}}.Encode()
}

// Database makes an empty database and gives its URL.
func (s *Server) Database() (string, error) {
	name := fmt.Sprintf("record_%d", s.names.Add(1))
	out, err := s.command("createdb", "--host", s.folder, "--username", "postgres", name).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("createdb: %w\n%s", err, out)
	}
	return s.URL(name), nil
}
