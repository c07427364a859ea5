package bundle

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/keys"
)

// PublicKeySuffix ends the name of a file that holds a public key; what stands before it is the id of the key.
const PublicKeySuffix = ".pub.pem"

// Keys are the public keys by which bundles are verified, by their ids. Keys that are shared secrets are left out: whoever
// could verify by one could sign as well.
type Keys struct {
	byID map[string]*keys.Config
}

// ReadKeys reads keys in the shape of the keys block of OPA's configuration (JSON); nothing gives no keys.
func ReadKeys(block []byte) (*Keys, error) {
	configured, err := keys.ParseKeysConfig(block)
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	all := &Keys{byID: map[string]*keys.Config{}}
	var faults []error
	for _, id := range slices.Sorted(maps.Keys(configured)) {
		key := configured[id]
		if strings.HasPrefix(key.Algorithm, "HS") || key.Key == "" {
			continue
		}
		if _, err := publicKey(key.Key); err != nil {
			faults = append(faults, fmt.Errorf("the key %q: %w", id, err))
			continue
		}
		all.byID[id] = key
	}
	return all, errors.Join(faults...)
}

// KeysIn reads the public keys of a folder, of which the names end in PublicKeySuffix. The scope is that of all of them.
func KeysIn(fsys fs.FS, scope string) (*Keys, error) {
	names, err := fs.Glob(fsys, "*"+PublicKeySuffix)
	if err != nil {
		return nil, err
	}
	all := &Keys{byID: map[string]*keys.Config{}}
	var faults []error
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err == nil {
			err = all.Add(strings.TrimSuffix(path.Base(name), PublicKeySuffix), text, scope)
		}
		if err != nil {
			faults = append(faults, &FileError{name, err})
		}
	}
	return all, errors.Join(faults...)
}

// Add adds a public key, PEM. Its algorithm is the one that Sign takes for the private half.
func (k *Keys) Add(id string, text []byte, scope string) error {
	key, err := publicKey(string(text))
	if err != nil {
		return err
	}
	algorithm, err := algorithmOf(key)
	if err != nil {
		return err
	}
	if k.byID == nil {
		k.byID = map[string]*keys.Config{}
	}
	k.byID[id] = &keys.Config{Key: string(text), Algorithm: algorithm, Scope: scope}
	return nil
}

// IDs lists the ids of the keys, in order.
func (k *Keys) IDs() []string { return slices.Sorted(maps.Keys(k.byID)) }

// Fingerprint is "sha256:" and the hash of the key that stands under an id; empty where none does. It stays when the key is
// written in another way.
func (k *Keys) Fingerprint(id string) string {
	configured, ok := k.byID[id]
	if !ok {
		return ""
	}
	key, err := publicKey(configured.Key)
	if err != nil {
		return ""
	}
	text, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return digestPrefix + hex.EncodeToString(sum[:])
}

// publicKey reads a public key or a certificate. A private key in its place is refused, since it would then lie where
// everybody may read it.
func publicKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("is no PEM; write the public key, or a certificate, between BEGIN and END")
	}
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
		return nil, errors.New("is a private key; keep that secret, and put its public half here")
	}
	return nil, fmt.Errorf("is a PEM block of the kind %.40q; a public key or a certificate is wanted", block.Type)
}

// algorithmOf names the signature algorithm that goes with a key, public or private.
func algorithmOf(key any) (string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey, *rsa.PrivateKey:
		return "RS256", nil
	case *ecdsa.PrivateKey:
		return algorithmOf(&k.PublicKey)
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return "ES256", nil
		case elliptic.P384():
			return "ES384", nil
		case elliptic.P521():
			return "ES512", nil
		}
		return "", fmt.Errorf("the curve %s is none that bundles are signed with; take P-256", k.Curve.Params().Name)
	case ed25519.PublicKey, ed25519.PrivateKey:
		return "", errors.New("an Ed25519 key cannot sign bundles in OPA's format; take an ECDSA key on P-256 or an RSA key")
	}
	return "", fmt.Errorf("a %T cannot sign bundles; take an ECDSA key on P-256 or an RSA key", key)
}

// NewKey makes a pair of keys to sign bundles with, ECDSA on P-256: the private and the public half, both PEM.
func NewKey() (private, public []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open}), nil
}
