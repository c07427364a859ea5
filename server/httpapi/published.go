package httpapi

import (
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"greenchannel/server/httpapi/reference"
)

// published is the description as it is given out, made once for each bundle.
type published struct {
	mu       sync.Mutex
	digest   string
	document []byte
	page     []byte
}

// of gives the document and the page for the active bundle.
func (p *published) of(a api) (document, page []byte, err error) {
	contract, err := a.Contract()
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.digest == contract.Policy.Digest && p.document != nil {
		return p.document, p.page, nil
	}
	described, err := Describe(contract)
	if err != nil {
		return nil, nil, err
	}
	if document, err = described.Document(); err != nil {
		return nil, nil, err
	}
	if page, err = reference.Page(described, contract.Policy); err != nil {
		return nil, nil, err
	}
	p.digest, p.document, p.page = contract.Policy.Digest, document, page
	return document, page, nil
}

func (a api) openapi(c *gin.Context) {
	a.publish(c, jsonType, func() ([]byte, error) {
		document, _, err := a.published.of(a)
		return document, err
	})
}

func (a api) docs(c *gin.Context) {
	// The page loads its style from here and nothing else from anywhere.
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	a.publish(c, "text/html; charset=utf-8", func() ([]byte, error) {
		_, page, err := a.published.of(a)
		return page, err
	})
}

func (a api) docsStyle(c *gin.Context) {
	a.publish(c, "text/css; charset=utf-8", func() ([]byte, error) { return reference.Style(), nil })
}

func (a api) publish(c *gin.Context, mediaType string, made func() ([]byte, error)) {
	_, err := parameters(c)
	var body []byte
	if err == nil {
		body, err = made()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	write(c, http.StatusOK, mediaType, body)
}
