package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
)

// floorCommand makes this program the floor: Gin that reads an application strictly, token by token, and answers with the
// same bytes whatever was asked. No service of this kind can be faster.
const floorCommand = "floor"

// serveFloor serves until it is stopped. Its arguments are the address and the file of the answer.
func serveFloor(args []string, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "load: the floor wants an address and a file")
		return 2
	}
	answer, err := os.ReadFile(args[1])
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 2
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/readyz", func(c *gin.Context) { c.Status(http.StatusOK) })
	router.POST("/", func(c *gin.Context) {
		if err := readStrictly(c.Request.Body); err != nil {
			c.String(http.StatusUnprocessableEntity, err.Error())
			return
		}
		c.Data(http.StatusOK, "application/json", answer)
	})
	server := &http.Server{
		Addr: args[0], Handler: router, ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(stderr, nil), slog.LevelWarn),
	}
	fmt.Fprintln(stderr, "load:", server.ListenAndServe())
	return 2
}

// readStrictly reads a document of JSON to its end: a name that stands twice, a text that is not UTF-8 and anything behind
// the document are errors.
func readStrictly(in io.Reader) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := decoder.ReadToken(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
