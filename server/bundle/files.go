package bundle

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"
)

// wholeFiles gives OPA the files of a folder, without the tests, each as a buffer, which it takes as it is: it would double one
// of its own until the file fits, and for a long list copy hundreds of megabytes.
type wholeFiles struct {
	opabundle.DirectoryLoader
	fsys  fs.FS
	names []string // of the files still to come, as they stand in the folder; OPA has its own way to write them
}

func newWholeFiles(fsys fs.FS) (*wholeFiles, error) {
	loader, err := opabundle.NewFSLoader(fsys)
	if err != nil {
		return nil, err
	}
	w := &wholeFiles{fsys: fsys}
	w.DirectoryLoader = loader.WithFilter(func(path string, info fs.FileInfo, _ int) bool {
		if info.IsDir() {
			return false
		}
		if strings.HasSuffix(path, testSuffix) {
			return true
		}
		w.names = append(w.names, path)
		return false
	})
	return w, nil
}

// NextFile reads the next file; io.EOF is the end.
func (w *wholeFiles) NextFile() (*opabundle.Descriptor, error) {
	opened, err := w.DirectoryLoader.NextFile()
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(w.fsys, w.names[0])
	if err = errors.Join(err, opened.Close()); err != nil {
		return nil, err
	}
	w.names = w.names[1:]
	return opabundle.NewDescriptor(opened.URL(), opened.Path(), bytes.NewBuffer(text)), nil
}
