package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// connection is a kept-alive connection of a client that does as little as one can: it sends bytes that were made before,
// and looks at no more of an answer than it must to find its end. Client and server share the processors of one machine, so
// what the client spends is taken from all that is measured.
type connection struct {
	net  net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

func dial(ctx context.Context, address string) (*connection, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{net: c, in: bufio.NewReaderSize(c, 64<<10)}, nil
}

func (c *connection) close() { _ = c.net.Close() }

// ask sends a request and reads its answer, which holds until the next.
func (c *connection) ask(request []byte) (status int, body []byte, err error) {
	if _, err := c.net.Write(request); err != nil {
		return 0, nil, err
	}
	status, length, err := c.head()
	if err != nil {
		return 0, nil, err
	}
	c.body = c.body[:0]
	if length >= 0 {
		return status, c.body, c.take(length)
	}
	for {
		size, err := c.chunk()
		if err != nil {
			return 0, nil, err
		}
		if err := c.take(size); err != nil {
			return 0, nil, err
		}
		if _, err := c.in.Discard(len("\r\n")); err != nil {
			return 0, nil, err
		}
		if size == 0 {
			return status, c.body, nil
		}
	}
}

// chunked stands for a length that is told piece by piece.
const chunked = -1

// head reads status and headers.
func (c *connection) head() (status, length int, err error) {
	line, err := c.line()
	if err != nil {
		return 0, 0, err
	}
	_, after, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(after, []byte(" "))
	if status, err = strconv.Atoi(string(code)); err != nil {
		return 0, 0, fmt.Errorf("an answer begins with %q", line)
	}
	length = -2
	for {
		line, err := c.line()
		if err != nil {
			return 0, 0, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) == 0 && length < chunked:
			return 0, 0, errors.New("an answer states no length")
		case len(line) == 0:
			return status, length, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunked
		}
	}
}

func (c *connection) chunk() (size int, err error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(line), 16, 32)
	return int(n), err
}

func (c *connection) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// take adds so many bytes to the body.
func (c *connection) take(n int) error {
	at := len(c.body)
	if cap(c.body) < at+n {
		c.body = append(make([]byte, 0, 2*(at+n)), c.body...)
	}
	c.body = c.body[:at+n]
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}

// post is a whole request to a server.
func (p *process) post(path, mediaType string, body []byte) []byte {
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		path, p.address, mediaType, len(body)), body...)
}
