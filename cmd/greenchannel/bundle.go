package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

// newBundle is what an author does with a bundle before, and when, it goes to a service.
func newBundle() *cobra.Command {
	command := &cobra.Command{
		Use:   "bundle",
		Short: "Build, sign, verify, inspect, compare and activate bundles of policies",
		Long: `Build, sign, verify, inspect, compare and activate bundles of policies.

A bundle is a policy folder as one archive, in the form that a stock opa takes as well. Its revision is the beginning of
the digest of its content.`,
		Args: arguments(subcommand),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newBundleBuild(), newBundleKeygen(), newBundleSign(), newBundleVerify(), newBundleInspect(), newBundleCatalogue(), newBundleDiff(), newBundleActivate())
	return command
}

// faultyBundle is a bundle at fault, told place by place.
type faultyBundle struct {
	name string
	err  error
}

func (f faultyBundle) Error() string { return f.name + ": " + f.err.Error() }

func (f faultyBundle) Unwrap() error { return f.err }

func (f faultyBundle) lines() string {
	var out strings.Builder
	for _, fault := range bundle.Faults(f.err) {
		place := f.name
		if fault.Pointer != "" {
			place += ": " + strings.ReplaceAll(strings.TrimPrefix(fault.Pointer, "/"), "~0", "~")
		}
		fmt.Fprintf(&out, "%s: %s\n", printable(place), printable(fault.Detail))
	}
	return out.String()
}

// sources is the policy folder that is named, or that of the program.
func sources(args []string) (fs.FS, string, error) {
	if len(args) == 0 {
		return policies.FS(), "the policies of this program", nil
	}
	info, err := os.Stat(args[0])
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder; name the folder with the .manifest of the policies", args[0])
	}
	return os.DirFS(args[0]), args[0], err
}

// archiveOrFolder opens what is named: an archive, unpacked, or a policy folder; that of the program when nothing is.
func archiveOrFolder(args []string) (fs.FS, string, error) {
	if len(args) == 1 {
		if info, err := os.Stat(args[0]); err == nil && !info.IsDir() {
			archive, err := os.ReadFile(args[0])
			if err != nil {
				return nil, args[0], err
			}
			folder, err := bundle.Unpack(archive)
			if err != nil {
				err = faultyBundle{args[0], err}
			}
			return folder, args[0], err
		}
	}
	return sources(args)
}

// builtBundle is what build says.
type builtBundle struct {
	File     string        `json:"file" jsonschema:"The archive that was written."`
	Bytes    int           `json:"bytes" jsonschema:"Its length."`
	Name     string        `json:"name" jsonschema:"Name of the bundle."`
	Revision string        `json:"revision" jsonschema:"Beginning of the digest, for short."`
	Digest   string        `json:"digest" jsonschema:"Digest over everything in it that can change a decision."`
	Roots    []string      `json:"roots" jsonschema:"Parts of the data document that it is all of."`
	Built    *bundle.Built `json:"built" jsonschema:"What the manifest states under metadata.built."`
}

func newBundleBuild() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "build [FOLDER]",
		Short: "Make one archive of a policy folder",
		Long: `Make one archive of a policy folder; of the policies of this program unless a folder is named.

The same sources make the same bytes. The manifest in the archive states the revision, which is the beginning of the
digest of the content, and under metadata.built the whole digest, the entry points and the digests of the schemas. A
folder that is no bundle is told place by place, and no file is written.`,
		Example: `  greenchannel bundle build policies --output bundles/rareearth.tar.gz
  greenchannel bundle build -o rareearth.tar.gz --format json | jq -r .revision`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	command.Flags().StringVarP(&output, "output", "o", "bundle.tar.gz", "`FILE` to write")
	format := textOrJSON(command)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		folder, name, err := sources(args)
		if err != nil {
			return err
		}
		archive, b, err := bundle.Build(folder)
		if err != nil {
			return faultyBundle{name, err}
		}
		if err := writeOpen(output, archive); err != nil {
			return err
		}
		if format.value == "json" {
			return printJSON(cmd.OutOrStdout(), builtBundle{output, len(archive), b.Name, b.Revision, b.Digest, b.Roots, b.Built})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, revision %s, %d bytes\n", printable(output), printable(b.Name), b.Revision, len(archive))
		return err
	}
	return command
}

// writeOpen writes a file that others may read, whole or not at all.
func writeOpen(path string, content []byte) error {
	err := writeWhole(path, func(out io.Writer) error {
		_, err := out.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o644) //nolint:gosec // G302: a bundle is published
}

func newBundleKeygen() *cobra.Command {
	var private, public string
	command := &cobra.Command{
		Use:   "keygen",
		Short: "Make a pair of keys to sign bundles with",
		Long: `Make a pair of keys to sign bundles with, ECDSA on P-256.

The private key is written for its owner alone and belongs in no repository. The public one goes to bundles/keys, under
the id of the key, and into the keys block of each service that is to take what it signs. No file is overwritten.`,
		Example: `  greenchannel bundle keygen --private ~/release.pem --public bundles/keys/release.pub.pem`,
		Args:    arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if private == "" || !strings.HasSuffix(public, bundle.PublicKeySuffix) || filepath.Base(public) == bundle.PublicKeySuffix {
				return usageError{fmt.Errorf("name the files: --private FILE --public ID%s", bundle.PublicKeySuffix)}
			}
			secret, open, err := bundle.NewKey()
			if err != nil {
				return err
			}
			if err := writeFresh(private, secret, 0o600); err != nil {
				return err
			}
			if err := writeFresh(public, open, 0o644); err != nil {
				return errors.Join(err, os.Remove(private))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: keep it secret\n%s: the key %s; configure it as keys.%s.key with algorithm ES256\n",
				printable(private), printable(public), keyName(public), keyName(public))
			return err
		},
	}
	command.Flags().StringVar(&private, "private", "", "`FILE` to write the private key to")
	command.Flags().StringVar(&public, "public", "", "`FILE` to write the public key to; its name is the id of the key and .pub.pem")
	return command
}

// keyName is the id of the key that a file of a public key is for.
func keyName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), bundle.PublicKeySuffix)
}

func writeFresh(path string, content []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func newBundleSign() *cobra.Command {
	var key, id, claims, scope, output string
	command := &cobra.Command{
		Use:   "sign FILE",
		Short: "Sign an archive",
		Long: `Sign an archive: put a .signatures.json in it, in OPA's format, with the hash of every file. The content, and so
the digest and the revision, stay what they are. A signature that is there already is replaced.

With --scope it is signed for that alone, as OPA has it: who verifies asks for the same scope ("verify --scope", the keys
block of a service, "opa run --scope"), and takes none for another, or for none.`,
		Example: `  greenchannel bundle sign bundles/rareearth.tar.gz --key ~/release.pem --key-id release
  greenchannel bundle sign rareearth.tar.gz --key release.pem --key-id release --scope production
  greenchannel bundle sign rareearth.tar.gz --key release.pem --key-id release --claims claims.json -o signed.tar.gz`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" || id == "" {
				return usageError{errors.New("a key and its id are wanted: --key FILE --key-id ID")}
			}
			if output == "" {
				output = args[0]
			}
			archive, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			secret, err := os.ReadFile(key)
			if err != nil {
				return err
			}
			signed, err := bundle.Sign(archive, bundle.Signer{KeyID: id, Key: secret, Claims: claims, Scope: scope})
			if err != nil {
				return faultyBundle{args[0], err}
			}
			if err := writeOpen(output, signed); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: signed by %s\n", printable(output), printable(id))
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&key, "key", "", "`FILE` of the private key, PEM: ECDSA or RSA")
	flags.StringVar(&id, "key-id", "", "`ID` of the key, by which others find its public half")
	flags.StringVar(&claims, "claims", "", "`FILE` of further claims, JSON, such as {\"iss\": \"release office\"}")
	flags.StringVar(&scope, "scope", "", "`SCOPE` that it is signed for (default none)")
	flags.StringVarP(&output, "output", "o", "", "`FILE` to write (default the archive itself)")
	return command
}

// verifiedBundle is what verify says of a bundle whose signature holds.
type verifiedBundle struct {
	Digest    string           `json:"digest" jsonschema:"Digest over everything in it that can change a decision."`
	Revision  string           `json:"revision" jsonschema:"Beginning of the digest, for short."`
	Signature bundle.Signature `json:"signature" jsonschema:"Who signed it."`
}

func newBundleVerify() *cobra.Command {
	var keys, scope string
	command := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check the signature of an archive",
		Long: `Check that an archive is signed by a known key, every file of it and none beside, and that the revision that it
states is that of its content. Everything that is wrong is told.

Exit code 0 when all of it is so; 1 when something is wrong; 2 when the command line, the keys or the file cannot be read.`,
		Example: `  greenchannel bundle verify bundles/rareearth.tar.gz
  greenchannel bundle verify rareearth.tar.gz --keys keys --scope production
  greenchannel bundle verify rareearth.tar.gz --keys keys --format json`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	command.Flags().StringVar(&keys, "keys", "bundles/keys", "`FOLDER` of public keys, ID.pub.pem each")
	command.Flags().StringVar(&scope, "scope", "", "`SCOPE` that it has to be signed for (default none)")
	format := textOrJSON(command)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		known, err := bundle.KeysIn(os.DirFS(keys), scope)
		if err != nil {
			return err
		}
		if len(known.IDs()) == 0 {
			return usageError{fmt.Errorf("%s holds no public key; name the folder with --keys", keys)}
		}
		folder, name, err := archiveOrFolder(args)
		if err != nil {
			return err
		}
		signature, err := known.Verify(folder)
		var b *bundle.Bundle
		if err == nil {
			b, err = bundle.Load(folder)
		}
		if err == nil {
			err = b.Disagreement(folder)
		}
		if err != nil {
			return findingError{strings.TrimSuffix(faultyBundle{name, err}.lines(), "\n")}
		}
		if format.value == "json" {
			return printJSON(cmd.OutOrStdout(), verifiedBundle{b.Digest, b.Revision, signature})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: revision %s, signed by %s (%s, %s)\n", printable(name), b.Revision, printable(signature.KeyID), signature.Algorithm, signature.Fingerprint)
		return err
	}
	return command
}

// inspected is what inspect says of a bundle.
type inspected struct {
	Name     string        `json:"name" jsonschema:"Name of the bundle."`
	Revision string        `json:"revision" jsonschema:"Beginning of the digest, for short."`
	Digest   string        `json:"digest" jsonschema:"Digest over everything in it that can change a decision."`
	Stated   string        `json:"stated_revision,omitempty" jsonschema:"Revision that the manifest states; absent where it states none."`
	Roots    []string      `json:"roots" jsonschema:"Parts of the data document that it is all of."`
	Signed   bool          `json:"signed" jsonschema:"Whether it carries a signature, whoever made it."`
	Rules    int           `json:"rules" jsonschema:"How many rules have an id."`
	Built    *bundle.Built `json:"built,omitempty" jsonschema:"What the manifest states under metadata.built; absent where build did not write it."`
	Files    []bundle.File `json:"files" jsonschema:"The files that count, with their hashes."`
	Agrees   bool          `json:"agrees" jsonschema:"Whether what the manifest states is so."`
}

func newBundleInspect() *cobra.Command {
	command := &cobra.Command{
		Use:   "inspect [FILE|FOLDER]",
		Short: "Say what is in a bundle",
		Long: `Say what is in an archive or a policy folder: name, revision, digest, roots, whether it carries a signature (verify
checks it), and every file with its hash.`,
		Example: `  greenchannel bundle inspect bundles/rareearth.tar.gz
  greenchannel bundle inspect policies --format json | jq -r .digest`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	format := textOrJSON(command)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		folder, name, err := archiveOrFolder(args)
		if err != nil {
			return err
		}
		b, err := bundle.Load(folder)
		if err != nil {
			return faultyBundle{name, err}
		}
		signed, err := bundle.Signed(folder)
		if err != nil {
			return faultyBundle{name, err}
		}
		files, err := bundle.Files(folder, false)
		if err != nil {
			return err
		}
		answer := inspected{b.Name, b.Revision, b.Digest, b.Stated, b.Roots, signed, len(b.Catalogue()), b.Built, files, b.Disagreement(folder) == nil}
		if format.value == "json" {
			return printJSON(cmd.OutOrStdout(), answer)
		}
		return answer.print(cmd.OutOrStdout())
	}
	return command
}

func (i inspected) print(out io.Writer) error {
	yes := map[bool]string{true: "yes", false: "no"}
	stated := map[bool]string{true: i.Stated, false: "none"}[i.Stated != ""]
	rows := [][]string{
		{"name", i.Name},
		{"revision", i.Revision},
		{"digest", i.Digest},
		{"stated revision", stated},
		{"agrees with its content", yes[i.Agrees]},
		{"roots", strings.Join(i.Roots, ", ")},
		{"carries a signature", yes[i.Signed]},
		{"rules", fmt.Sprint(i.Rules)},
		{"files", fmt.Sprint(len(i.Files))},
	}
	if err := printTable(out, rows...); err != nil {
		return err
	}
	for _, file := range i.Files {
		if _, err := fmt.Fprintf(out, "%s  %8d  %s\n", strings.TrimPrefix(file.Digest, "sha256:")[:12], file.Bytes, printable(file.Path)); err != nil {
			return err
		}
	}
	return nil
}
