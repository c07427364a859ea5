package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// MostBytes is the longest answer of a server that is read. It is what an uploaded bundle may have.
const MostBytes = 64 << 20

// tap keeps the last archive that came, so that it can be judged as it was sent: OPA's downloader gives out what it has
// read only where it found nothing wrong, and tells the first fault alone.
type tap struct {
	mu   sync.Mutex
	last *bytes.Buffer
}

// take gives the archive that came last, whole or as far as it was read; nil where none did.
func (t *tap) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		return nil
	}
	return t.last.Bytes()
}

func (t *tap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = nil
}

// tapped watches the answers that hold something.
type tapped struct {
	http.RoundTripper
	tap *tap
}

// RoundTrip sends a request.
func (t tapped) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil && request.Method == http.MethodGet && response.StatusCode == http.StatusOK {
		response.Body = &body{ReadCloser: response.Body, tap: t.tap}
	}
	return response, err
}

// CloseIdleConnections ends the connections that wait.
func (t tapped) CloseIdleConnections() {
	if closing, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closing.CloseIdleConnections()
	}
}

// body is an answer that is kept while it is read.
type body struct {
	io.ReadCloser
	tap  *tap
	kept bytes.Buffer
	over error // it is too long
}

// Read reads on, up to MostBytes.
func (b *body) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over
	}
	n, err := b.ReadCloser.Read(p)
	b.kept.Write(p[:n])
	if b.kept.Len() > MostBytes {
		b.kept = bytes.Buffer{}
		b.over = errors.Join(fmt.Errorf("the server sends more than %d bytes", MostBytes), b.ReadCloser.Close()) // OPA closes only what it has read to the end
		return 0, b.over
	}
	return n, err
}

// Close reads what OPA had no use for, so that the archive is whole, and hands it over if it is one.
func (b *body) Close() error {
	_, _ = io.Copy(io.Discard, b) // what cannot be read any more is missing in the archive, which then is none
	if bytes.HasPrefix(b.kept.Bytes(), []byte{0x1f, 0x8b}) {
		b.tap.mu.Lock()
		b.tap.last = &b.kept
		b.tap.mu.Unlock()
	}
	return b.ReadCloser.Close()
}
