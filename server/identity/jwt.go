package identity

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"greenchannel/server/config"
)

// jwtVerifier knows callers by JSON Web Tokens of one issuer.
type jwtVerifier struct {
	config config.JWT
	keys   keySource
	now    func() time.Time
}

func openJWT(c config.JWT, options Options) (*jwtVerifier, error) {
	keys, err := openKeys(c, options)
	if err != nil {
		return nil, err
	}
	return &jwtVerifier{config: c, keys: keys, now: options.Now}, nil
}

// caller knows a caller by its token. Which key checks it, and how, is for our configuration and the issuer's keys to say;
// of the token's header only the algorithm and the name of the key are read, and both have to be ones that we know.
func (v *jwtVerifier) caller(ctx context.Context, token string) (Caller, error) {
	algorithm, keyID, err := v.header(token)
	if err != nil {
		return Caller{}, err
	}
	key, err := v.key(ctx, keyID, algorithm)
	if err != nil {
		return Caller{}, err
	}
	read, err := jwt.ParseString(token,
		jwt.WithKey(algorithm, key),
		jwt.WithIssuer(v.config.Issuer),
		jwt.WithAudience(v.config.Audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey),
		jwt.WithAcceptableSkew(v.config.Leeway),
		jwt.WithClock(jwt.ClockFunc(v.now)),
	)
	if err != nil {
		return Caller{}, refused(why(err))
	}
	return v.claims(read)
}

// header reads what the token says of itself.
func (v *jwtVerifier) header(token string) (jwa.SignatureAlgorithm, string, error) {
	none := jwa.SignatureAlgorithm{}
	message, err := jws.ParseString(token, jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return none, "", refused("The token is no signed JSON Web Token in compact form.")
	}
	header := message.Signatures()[0].ProtectedHeaders()
	algorithm, ok := header.Algorithm()
	if !ok || !slices.Contains(v.config.Algorithms, algorithm.String()) {
		return none, "", refused("The signature algorithm of the token is not accepted here.")
	}
	if header.Has(jws.CriticalKey) {
		return none, "", refused("The token asks for something critical that is not known here.")
	}
	if kind, stated := header.Type(); stated && !slices.Contains([]string{"jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(kind)) {
		return none, "", refused("The token is of a kind that is not for calling with.")
	}
	keyID, _ := header.KeyID()
	return algorithm, keyID, nil
}

// key finds the issuer's key of a name that may be used with an algorithm. Its kind decides that, not the token: the public
// key of one algorithm never becomes the secret of another.
func (v *jwtVerifier) key(ctx context.Context, keyID string, algorithm jwa.SignatureAlgorithm) (crypto.PublicKey, error) {
	keys, err := v.keys.keys(ctx, keyID)
	if err != nil {
		return nil, err
	}
	for _, one := range keys {
		if one.id != keyID && (keyID != "" || len(keys) > 1) {
			continue // a token that names no key is taken where there is no choice
		}
		if slices.Contains(one.able, algorithm.String()) {
			return one.key, nil
		}
	}
	return nil, refused("The token is signed with a key that the issuer does not have, or not for that.")
}

// why tells a caller what is wrong with its token, as far as it can do something about it.
func why(err error) string {
	for _, known := range []struct {
		is   error
		text string
	}{
		{jwt.TokenExpiredError(), "The token has expired; get a new one."},
		{jwt.TokenNotYetValidError(), "The token is not valid yet."},
		{jwt.InvalidIssuedAtError(), "The token was issued in the future."},
		{jwt.InvalidAudienceError(), "The token is for another audience."},
		{jwt.InvalidIssuerError(), "The token is of another issuer."},
		{jwt.MissingRequiredClaimError(), "The token has no end (exp)."},
	} {
		if errors.Is(err, known.is) {
			return known.text
		}
	}
	return "The token cannot be verified."
}

func (v *jwtVerifier) claims(token jwt.Token) (Caller, error) {
	text, err := json.Marshal(token)
	if err != nil {
		return Caller{}, refused("The claims of the token cannot be read.")
	}
	var claims map[string]any
	if err := json.Unmarshal(text, &claims); err != nil {
		return Caller{}, refused("The claims of the token cannot be read.")
	}
	name, _ := claim(claims, v.config.NameClaim).(string)
	if name != "" {
		name = v.config.NamePrefix + name
	}
	if checkName(name) != nil {
		return Caller{}, refused(fmt.Sprintf("The claim %s of the token holds no name.", v.config.NameClaim))
	}
	roles, ok := wordsOf(claim(claims, v.config.RolesClaim))
	if !ok || checkRoles(roles) != nil {
		return Caller{}, refused(fmt.Sprintf("The claim %s of the token holds no roles.", v.config.RolesClaim))
	}
	exporter := claim(claims, v.config.ExporterClaim)
	if _, text := exporter.(string); exporter != nil && !text {
		return Caller{}, refused(fmt.Sprintf("The claim %s of the token holds no name of an exporter.", v.config.ExporterClaim))
	}
	spokenFor, _ := exporter.(string)
	return Caller{Name: name, Roles: roles, Exporter: spokenFor, Method: ByJWT}, nil
}

// claim finds a claim by its name or, with a slash in front, by a JSON pointer.
func claim(claims map[string]any, name string) any {
	pointer, inside := strings.CutPrefix(name, "/")
	if !inside {
		return claims[name]
	}
	var at any = claims
	for part := range strings.SplitSeq(pointer, "/") {
		object, _ := at.(map[string]any)
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return at
}

// wordsOf reads a list of words, or words in one text. No claim is no words.
func wordsOf(value any) ([]string, bool) {
	switch said := value.(type) {
	case nil:
		return nil, true
	case string:
		return strings.Fields(said), true
	case []any:
		all := make([]string, 0, len(said))
		for _, item := range said {
			word, ok := item.(string)
			if !ok {
				return nil, false
			}
			all = append(all, word)
		}
		return all, true
	}
	return nil, false
}
