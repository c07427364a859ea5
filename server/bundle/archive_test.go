package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

// A bundle comes back from its archive as it was: the same digest, and the same archive again.
func TestPackAndUnpack(t *testing.T) {
	t.Parallel()
	archive, err := bundle.Pack(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := bundle.Unpack(archive)
	if err != nil {
		t.Fatal(err)
	}
	before, after := load(t, policies.FS()), load(t, folder)
	if before.Digest != after.Digest || before.Name != after.Name || len(before.Modules) != len(after.Modules) {
		t.Errorf("packed as %s, unpacked as %s", before.Digest, after.Digest)
	}
	again, err := bundle.Pack(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(archive, again) {
		t.Error("the same bundle makes two archives")
	}
}

func TestPackLeavesProseOut(t *testing.T) {
	t.Parallel()
	with := folder(t)
	without := folder(t)
	delete(without, "README.md")
	one, err := bundle.Pack(with)
	if err != nil {
		t.Fatal(err)
	}
	other, err := bundle.Pack(without)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, other) {
		t.Error("prose changes the archive")
	}
	if _, err := bundle.Pack(fstest.MapFS{"a\nb.rego": &fstest.MapFile{}}); err == nil || !strings.Contains(err.Error(), "line break") {
		t.Errorf("a path with a line break: %v", err)
	}
}

// archived makes an archive of any entries.
func archived(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	files := tar.NewWriter(packed)
	for _, header := range headers {
		if err := files.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write(make([]byte, header.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	plain := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 1} }
	for _, tc := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"no archive", []byte("not gzip"), "no gzipped archive"},
		{"cut off", archived(t, plain("a.rego"))[:20], "unexpected EOF"},
		{"above the folder", archived(t, plain("../a.rego")), "no plain path"},
		{"above in the middle", archived(t, plain("x/../../a.rego")), "no plain path"},
		{"a backslash", archived(t, plain(`x\a.rego`)), "no plain path"},
		{"a link", archived(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "a.rego", Linkname: "/etc/passwd"}), "no plain file"},
		{"twice", archived(t, plain("a.rego"), plain("/a.rego")), "twice"},
		{"too long", make([]byte, bundle.MaxArchiveBytes+1), "more than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := bundle.Unpack(tc.archive); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want it to say %q", err, tc.want)
			}
		})
	}
	if _, err := bundle.Unpack(archived(t, tar.Header{Typeflag: tar.TypeDir, Name: "x/"}, plain("/x/data.json"))); err != nil {
		t.Errorf("folders and a slash in front, as OPA writes them: %v", err)
	}
}

// How long an archive says that it is, in its last bytes, is a hint and no more.
func TestUnpackBelievesNoLength(t *testing.T) {
	t.Parallel()
	for _, stated := range []uint32{0, 1, math.MaxUint32} {
		archive := archived(t, tar.Header{Typeflag: tar.TypeReg, Name: "data.json", Size: 100_000})
		binary.LittleEndian.PutUint32(archive[len(archive)-4:], stated)
		folder, err := bundle.Unpack(archive)
		if err != nil {
			t.Fatalf("%d bytes stated: %v", stated, err)
		}
		if text, err := fs.ReadFile(folder, "data.json"); err != nil || len(text) != 100_000 {
			t.Errorf("%d bytes stated: %d bytes of the file: %v", stated, len(text), err)
		}
	}
}
