package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits of an archive. One that breaks them is refused before it is read whole.
const (
	// MaxArchiveBytes is the longest archive.
	MaxArchiveBytes = 64 << 20
	// maxUnpackedBytes and maxFiles bound what an archive may hold, whatever it was packed to.
	maxUnpackedBytes = 1 << 30 // as OPA bounds one file
	maxFiles         = 10_000
	// pieceBytes is how much of a file is packed at once: the scheduler cannot interrupt the checksum of a piece.
	pieceBytes = 64 << 10
)

// Pack makes one gzipped tar archive of a policy folder, the form in which OPA takes bundles: every file that counts for
// the digest, in the order of the paths, with neither times nor owners, so that the same folder makes the same bytes.
func Pack(fsys fs.FS) ([]byte, error) { return pack(fsys, nil) }

// pack packs a folder; a manifest that is given stands in place of that of the folder.
func pack(fsys fs.FS, manifest []byte) ([]byte, error) {
	names, err := contents(fsys)
	if err != nil {
		return nil, fmt.Errorf("pack bundle: %w", err)
	}
	return archived(names, func(name string) ([]byte, error) {
		if name == manifestFile && manifest != nil {
			return manifest, nil
		}
		return fs.ReadFile(fsys, name)
	})
}

// archived writes files, in their order, as a gzipped tar archive without times and owners.
func archived(names []string, read func(name string) ([]byte, error)) ([]byte, error) {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	files := tar.NewWriter(packed)
	for _, name := range names {
		text, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("pack bundle: %w", err)
		}
		header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text)), Format: tar.FormatUSTAR}
		if err := files.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("pack bundle: %s: %w", name, err)
		}
		for piece := range slices.Chunk(text, pieceBytes) {
			if _, err := files.Write(piece); err != nil {
				return nil, fmt.Errorf("pack bundle: %s: %w", name, err)
			}
		}
	}
	if err := errors.Join(files.Close(), packed.Close()); err != nil {
		return nil, fmt.Errorf("pack bundle: %w", err)
	}
	return out.Bytes(), nil
}

// Unpack reads an archive as a folder, in memory. It refuses whatever is no plain file at a plain path, a path that stands
// twice, and an archive past the limits; nothing is ever written to a disk.
func Unpack(archive []byte) (fs.FS, error) {
	if len(archive) > MaxArchiveBytes {
		return nil, fmt.Errorf("unpack bundle: the archive has %d bytes, more than %d", len(archive), MaxArchiveBytes)
	}
	packed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("unpack bundle: no gzipped archive: %w", err)
	}
	// A zip file in memory is the standard library's way to have a folder that is no folder.
	var out bytes.Buffer
	out.Grow(unpackedBytes(archive))
	folder := zip.NewWriter(&out)
	if err := unpack(tar.NewReader(packed), folder); err != nil {
		return nil, fmt.Errorf("unpack bundle: %w", err)
	}
	if err := folder.Close(); err != nil {
		return nil, fmt.Errorf("unpack bundle: %w", err)
	}
	return zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
}

// unpackedBytes is how long a gzipped archive says that it is unpacked, in its last four bytes, as far as that can be: it may lie.
func unpackedBytes(archive []byte) int {
	const tightest = 1032 // bytes that one byte is unpacked to at most
	stated := binary.LittleEndian.Uint32(archive[len(archive)-4:])
	return int(min(int64(stated), tightest*int64(len(archive)), maxUnpackedBytes))
}

func unpack(files *tar.Reader, folder *zip.Writer) error {
	seen := map[string]bool{}
	left := int64(maxUnpackedBytes)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(header.Name, "/") // OPA's own archives write /data.json
		switch {
		case header.Typeflag == tar.TypeDir:
			continue
		case header.Typeflag != tar.TypeReg:
			return &FileError{header.Name, errors.New("is no plain file")}
		case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\n"):
			return &FileError{header.Name, errors.New("is no plain path inside the bundle")}
		case seen[name]:
			return &FileError{header.Name, errors.New("stands twice")}
		case len(seen) == maxFiles:
			return fmt.Errorf("there are more than %d files", maxFiles)
		case header.Size > left:
			return fmt.Errorf("the files have more than %d bytes", maxUnpackedBytes)
		}
		seen[name], left = true, left-header.Size
		file, err := folder.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, files); err != nil {
			return &FileError{name, err}
		}
	}
}

// contents lists the files of a folder that make its bundle, in order.
func contents(fsys fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !counts(name) {
			return err
		}
		if strings.ContainsAny(name, "\n\\") {
			return fmt.Errorf("%q: a path may hold neither a line break nor a backslash; rename the file", name)
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

// counts says whether a file belongs to the bundle: what OPA reads of one (policies with their tests, data, the manifest),
// and what the service reads beside that to decide in the same way again (schemas, capabilities).
func counts(name string) bool {
	switch base := path.Base(name); {
	case name == manifestFile, base == "data.json", base == "data.yaml", base == "data.yml":
		return true
	case name == capabilitiesFile, strings.HasPrefix(name, schemasFolder+"/") && path.Ext(name) == ".json":
		return true
	default:
		return path.Ext(name) == ".rego"
	}
}
