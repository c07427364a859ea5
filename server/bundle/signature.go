package bundle

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"
)

// signaturesFile holds the signature of an archive, in OPA's format: one JSON Web Token with the hash of every other file.
const signaturesFile = ".signatures.json"

// hashing is the algorithm of the hashes in a signature, as `opa sign` takes it.
const hashing = opabundle.SHA256

// scopeClaim is the claim of the token that says what a bundle is signed for.
const scopeClaim = "scope"

// ErrUnsigned says that an archive carries no signature.
var ErrUnsigned = errors.New("the archive is not signed; sign it with greenchannel bundle sign")

// Signature says who signed an archive.
type Signature struct {
	KeyID string `json:"key_id" jsonschema:"Id of the key."`
	// Fingerprint tells keys apart: an id may come to stand for another key.
	Fingerprint string `json:"fingerprint" jsonschema:"Hash of the public key."`
	Algorithm   string `json:"algorithm" jsonschema:"Algorithm of the signature."`
	Scope       string `json:"scope,omitempty" jsonschema:"Scope that was signed; absent where none was asked for."`
}

// Signer is who signs.
type Signer struct {
	// KeyID is the id under which others know the public half of the key.
	KeyID string
	// Key is the private key, PEM.
	Key []byte
	// Claims names a JSON file of further claims; empty for none.
	Claims string
	// Scope is what the bundle is signed for, as OPA calls it: whoever asks for another one does not take it; empty for none.
	Scope string
}

// Sign signs an archive: every file in it, and none beside. A signature that is there already is replaced.
func Sign(archive []byte, signer Signer) ([]byte, error) {
	folder, err := Unpack(archive)
	if err != nil {
		return nil, err
	}
	if err := onePlace(folder); err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	texts, err := everything(folder)
	if err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	delete(texts, signaturesFile)
	algorithm, err := signer.algorithm()
	if err != nil {
		return nil, fmt.Errorf("sign bundle: the private key: %w", err)
	}
	files, err := hashes(texts)
	if err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	claims, done, err := signer.claims()
	if err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	token, err := opabundle.GenerateSignedToken(files, opabundle.NewSigningConfig(string(signer.Key), algorithm, claims), signer.KeyID)
	if err = errors.Join(err, done()); err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	if texts[signaturesFile], err = json.MarshalIndent(map[string]any{"signatures": []string{token}}, "", " "); err != nil {
		return nil, fmt.Errorf("sign bundle: %w", err)
	}
	return archived(slices.Sorted(maps.Keys(texts)), func(name string) ([]byte, error) { return texts[name], nil })
}

// claims names a file of all further claims, since OPA takes them from a file only. Done takes away what was made for that.
func (s Signer) claims() (file string, done func() error, err error) {
	nothing := func() error { return nil }
	if s.Scope == "" {
		return s.Claims, nothing, nil
	}
	all := map[string]any{}
	if s.Claims != "" {
		text, err := os.ReadFile(s.Claims)
		if err != nil {
			return "", nothing, err
		}
		if err := util.UnmarshalJSON(text, &all); err != nil {
			return "", nothing, fmt.Errorf("%s: %w", s.Claims, err)
		}
		if stated, there := all[scopeClaim]; there && stated != s.Scope {
			return "", nothing, fmt.Errorf("%s: the scope is stated as %v, and %q is asked for; leave one out", s.Claims, stated, s.Scope)
		}
	}
	if all == nil { // the file says null
		all = map[string]any{}
	}
	if all[scopeClaim] = s.Scope; s.Claims == "" {
		all["keyid"] = s.KeyID // OPA writes it for older programs where there are no other claims
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", nothing, err
	}
	made, err := os.CreateTemp("", "claims-*.json")
	if err != nil {
		return "", nothing, err
	}
	done = func() error { return os.Remove(made.Name()) }
	_, err = made.Write(text)
	if err = errors.Join(err, made.Close()); err != nil {
		return "", nothing, errors.Join(err, done())
	}
	return made.Name(), done, nil
}

func (s Signer) algorithm() (string, error) {
	block, _ := pem.Decode(s.Key)
	if block == nil {
		return "", errors.New("is no PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		err = fmt.Errorf("is a PEM block of the kind %.40q; a private key is wanted", block.Type)
	}
	if err != nil {
		return "", err
	}
	return algorithmOf(key)
}

// hashes makes the entries of a signature, one a file, in order.
func hashes(texts map[string][]byte) ([]opabundle.FileInfo, error) {
	hasher, err := opabundle.NewSignatureHasher(hashing)
	if err != nil {
		return nil, err
	}
	var files []opabundle.FileInfo
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		var value any = texts[name]
		if opabundle.IsStructuredDoc(name) { // what it says is hashed, not how it is written
			if err := util.Unmarshal(texts[name], &value); err != nil {
				return nil, &FileError{name, err}
			}
		}
		sum, err := hasher.HashFile(value)
		if err != nil {
			return nil, &FileError{name, err}
		}
		files = append(files, opabundle.NewFile(name, hex.EncodeToString(sum), string(hashing)))
	}
	return files, nil
}

// everything reads all files of a folder.
func everything(fsys fs.FS) (map[string][]byte, error) {
	texts := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		texts[name], err = fs.ReadFile(fsys, name)
		return err
	})
	return texts, err
}

// onePlace refuses signatures that lie anywhere but at the root: of two, nobody could say which one counts.
func onePlace(fsys fs.FS) error {
	var faults []error
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Base(name) == signaturesFile && name != signaturesFile {
			faults = append(faults, &FileError{name, errors.New("is a signatures file in a folder; there may be one, at the root")})
		}
		return err
	})
	return errors.Join(append(faults, err)...)
}

// Signed says whether an unpacked archive carries a signature, whoever made it. One in the wrong place is an error.
func Signed(fsys fs.FS) (bool, error) {
	if err := onePlace(fsys); err != nil {
		return false, err
	}
	_, err := fs.Stat(fsys, signaturesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Verify says by which of the keys an unpacked archive is signed, every file of it. It tells every file that is not what was
// signed, was not signed, or is not there; ErrUnsigned where there is no signature at all.
func (k *Keys) Verify(fsys fs.FS) (Signature, error) {
	signed, err := Signed(fsys)
	if err == nil && !signed {
		err = ErrUnsigned
	}
	if err != nil {
		return Signature{}, fmt.Errorf("verify bundle: %w", err)
	}
	texts, err := everything(fsys)
	if err != nil {
		return Signature{}, fmt.Errorf("verify bundle: %w", err)
	}
	var config opabundle.SignaturesConfig
	if err := util.UnmarshalJSON(texts[signaturesFile], &config); err != nil {
		return Signature{}, fmt.Errorf("verify bundle: %w", &FileError{signaturesFile, err})
	}
	delete(texts, signaturesFile)
	config.Plugin = "" // which program verifies is not for the archive to say
	listed, err := opabundle.VerifyBundleSignature(config, opabundle.NewVerificationConfig(k.byID, "", "", nil))
	if err != nil {
		return Signature{}, fmt.Errorf("verify bundle: %w", &FileError{signaturesFile, k.unverified(config, err)})
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if err := opabundle.VerifyBundleFile(name, *bytes.NewBuffer(texts[name]), listed); err != nil {
			faults = append(faults, &FileError{name, errors.New(strings.TrimPrefix(err.Error(), name+": "))})
		}
		delete(listed, name)
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		faults = append(faults, &FileError{name, errors.New("was signed and is not there")})
	}
	if len(faults) > 0 {
		return Signature{}, fmt.Errorf("verify bundle: %w", errors.Join(faults...))
	}
	id := keyID(config.Signatures[0])
	return Signature{id, k.Fingerprint(id), k.byID[id].Algorithm, k.byID[id].Scope}, nil
}

// Knows says whether a signature that was verified earlier is by one of the keys, as it is now.
func (k *Keys) Knows(s Signature) bool {
	configured, ok := k.byID[s.KeyID]
	return ok && s.Fingerprint == k.Fingerprint(s.KeyID) && s.Scope == configured.Scope
}

// unverified says what can be done about a signature that does not hold.
func (k *Keys) unverified(config opabundle.SignaturesConfig, err error) error {
	if err.Error() != "scope mismatch" { // OPA has no word of its own for it; by then the signature itself has held
		return fmt.Errorf("%w; the keys are %s", err, listedKeys(k.IDs()))
	}
	signed, wanted := claim(config.Signatures[0], scopeClaim), ""
	if key, known := k.byID[keyID(config.Signatures[0])]; known {
		wanted = key.Scope
	}
	named := func(scope string) string {
		if scope == "" {
			return "no scope"
		}
		return fmt.Sprintf("the scope %q", scope)
	}
	return fmt.Errorf("%w: it is signed for %s, and %s is asked for", err, named(signed), named(wanted))
}

func listedKeys(ids []string) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}

// keyID reads the id of the key from a token that was verified: from its header, or else from the claim that older programs
// write.
func keyID(token string) string {
	header, claims, _ := strings.Cut(token, ".")
	if id := textIn(header, "kid"); id != "" {
		return id
	}
	return textIn(claims, "keyid")
}

// claim reads a text among the claims of a token that was verified.
func claim(token, name string) string {
	_, claims, _ := strings.Cut(token, ".")
	return textIn(claims, name)
}

// textIn reads a text from the first part of what is left of a token.
func textIn(part, name string) string {
	part, _, _ = strings.Cut(part, ".")
	var all map[string]any
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(text, &all) != nil {
		return ""
	}
	value, _ := all[name].(string)
	return value
}
