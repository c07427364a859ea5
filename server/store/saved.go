package store

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// SavedForm is the form in which a state is saved. It changes with anything that would be read differently: columns, keys,
// how names are folded, hashes.
const SavedForm = 2

// Stamp says what a saved state is the state of.
type Stamp struct {
	Form   int    // set by Save
	Origin string // of the journal
	Seq    uint64 // the last record that is held
	Leaf   string // the hash of that record, so that a journal that went another way is told
}

// saved is what a state is made of, in columns: the newest decision on each application, from which the histories and the
// certificates follow, the pages of decisions, and the registry. Blocks hold some rows of one kind each.
type saved struct {
	Stamp        *Stamp
	Unicode      string // by which names were folded; with the stamp
	Applications *savedApplications
	Pages        []savedPage
	Newest       *savedNewest
	Parties      []savedParty
}

type savedApplications struct {
	Texts        []string // that no block before had; the others count them from the first of all blocks
	Keys         []uint32
	Seqs         []uint64
	IDs          []string
	Outcomes     []uint32
	Days         []int32
	Orders       []uint32 // how many each application has
	OrderKeys    []uint32
	Unknown      []bool
	High, Low    []uint64
	Certificates []uint32 // how many each application has
	Presented    []uint32
	Contracts    []uint32
}

type savedPage struct {
	Number uint64
	Words  []byte
}

// savedNewest is the page that is not full, as it stands.
type savedNewest struct {
	Number      uint64
	Places      []uint16
	At          []int64
	Terms, Ends []uint32
}

type savedParty struct {
	ID    string
	Seq   uint64
	Body  []byte
	Names []string
}

const (
	blockApplications = 1 << 12
	blockPages        = 16
	blockParties      = 1 << 10
)

// Save writes the state to w. The Seq of the stamp must be that of the snapshot; records may be applied meanwhile. What
// was written is a state only when Save has returned no error.
func (v *LiveSnapshot) Save(w io.Writer, stamp Stamp) error {
	if stamp.Seq != v.seq {
		return fmt.Errorf("save the live tables: the stamp says record %d, and the state is that of record %d", stamp.Seq, v.seq)
	}
	stamp.Form = SavedForm
	if err := v.save(w, stamp); err != nil {
		return fmt.Errorf("save the live tables: %w", err)
	}
	return nil
}

func (v *LiveSnapshot) save(w io.Writer, stamp Stamp) error {
	blocks, err := writeBlocks(w)
	if err != nil {
		return err
	}
	if err := blocks.write(saved{Stamp: &stamp, Unicode: unicodeVersions()}); err != nil {
		return err
	}
	for _, part := range []func(*blockWriter) error{v.savePages, v.saveApplications, v.saveParties} {
		if err := part(blocks); err != nil {
			return err
		}
	}
	return blocks.end()
}

// unicodeVersions are those that names are folded by.
func unicodeVersions() string { return unicode.Version + " and " + norm.Version }

func (v *LiveSnapshot) savePages(blocks *blockWriter) error {
	pages, err := v.rows.Get(tablePages, indexID)
	if err != nil {
		return err
	}
	var block saved
	for row := pages.Next(); row != nil; row = pages.Next() {
		if err := block.add(row); err != nil {
			return err
		}
		if len(block.Pages) < blockPages && block.Newest == nil {
			continue
		}
		if err := blocks.write(block); err != nil {
			return err
		}
		block = saved{}
	}
	return nil // the newest page, which is the last, ended a block
}

func (s *saved) add(row any) error {
	switch p := row.(type) {
	case *page:
		s.Newest = &savedNewest{Number: p.number, Places: p.places, At: p.at, Terms: p.terms, Ends: p.ends}
	case *fullPage:
		x, err := p.read(new([]byte))
		if err != nil {
			return err
		}
		s.Pages = append(s.Pages, savedPage{Number: p.number, Words: x})
	}
	return nil
}

// saveApplications writes them by Seq, so that histories are built in the order in which they grew.
func (v *LiveSnapshot) saveApplications(blocks *blockWriter) error {
	var applications []*application
	err := each(v.rows, tableApplications, func(a *application) { applications = append(applications, a) })
	if err != nil {
		return err
	}
	slices.SortFunc(applications, func(a, b *application) int { return cmp.Compare(a.seq, b.seq) })
	texts := &savedTexts{known: map[string]uint32{}}
	for some := range slices.Chunk(applications, blockApplications) {
		columns := &savedApplications{}
		for _, a := range some {
			columns.add(a, texts)
		}
		if err := blocks.write(saved{Applications: columns}); err != nil {
			return err
		}
	}
	return nil
}

// savedTexts numbers texts, and knows those again that many applications share.
type savedTexts struct {
	count uint32
	known map[string]uint32
}

func (s *savedApplications) add(a *application, texts *savedTexts) {
	own := func(t string) uint32 {
		s.Texts = append(s.Texts, t)
		texts.count++
		return texts.count - 1
	}
	shared := func(t string) uint32 {
		at, known := texts.known[t]
		if !known {
			at = own(t)
			texts.known[t] = at
		}
		return at
	}
	s.Keys = append(s.Keys, own(a.key))
	s.Seqs = append(s.Seqs, a.seq)
	s.Days = append(s.Days, a.day)
	s.IDs = append(s.IDs, a.id.String())
	s.Outcomes = append(s.Outcomes, shared(a.outcome))
	s.Orders = append(s.Orders, uint32(len(a.orders)))
	for _, o := range a.orders {
		s.OrderKeys = append(s.OrderKeys, shared(o.key))
		s.Unknown = append(s.Unknown, o.unknown)
		s.High, s.Low = append(s.High, o.kg.hi), append(s.Low, o.kg.lo)
	}
	s.Certificates = append(s.Certificates, uint32(len(a.certificates)))
	for _, p := range a.certificates {
		s.Presented, s.Contracts = append(s.Presented, shared(p.key)), append(s.Contracts, own(p.contract))
	}
}

func (v *LiveSnapshot) saveParties(blocks *blockWriter) error {
	parties, err := all[Registered](v.rows, tableRegistry, indexID)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(parties, blockParties) {
		var block saved
		for _, p := range some {
			block.Parties = append(block.Parties, savedParty{ID: p.ID, Seq: p.Seq, Body: p.Body, Names: p.names})
		}
		if err := blocks.write(block); err != nil {
			return err
		}
	}
	return nil
}
