package store

import (
	"slices"
	"strings"
)

// certificate is where one certificate was presented: contract numbers, and how many applications name each.
type certificate struct {
	key       string // party, type, day of issue
	contracts []uses // by number
}

type uses struct {
	contract string
	count    uint32
}

func (c *certificate) rowKey() string { return c.key }

// present counts a use of a certificate for a contract, or takes one out.
func (m *memory) present(p presented, by int) error {
	old, err := m.certificates.get(p.key)
	if err != nil {
		return err
	}
	if old == nil {
		old = &certificate{key: p.key}
	}
	now := old.with(p.contract, by)
	if len(now.contracts) == 0 {
		return m.certificates.drop(p.key)
	}
	return m.certificates.put(now)
}

func (c *certificate) with(contract string, by int) *certificate {
	now := &certificate{key: c.key, contracts: append(make([]uses, 0, len(c.contracts)+1), c.contracts...)}
	now.add(contract, by)
	return now
}

// add changes a certificate that nobody else holds.
func (c *certificate) add(contract string, by int) {
	at, there := slices.BinarySearchFunc(c.contracts, contract, func(u uses, contract string) int {
		return strings.Compare(u.contract, contract)
	})
	if !there {
		c.contracts = slices.Insert(c.contracts, at, uses{contract: contract})
	}
	c.contracts[at].count = uint32(int(c.contracts[at].count) + by)
	if c.contracts[at].count == 0 {
		c.contracts = slices.Delete(c.contracts, at, at+1)
	}
}

// others lists the contracts, each with a use beside those of one application.
func (c *certificate) others(but *application) []string {
	if c == nil {
		return nil
	}
	var own []presented
	if but != nil {
		own = but.certificates
	}
	var listed []string
	for _, u := range c.contracts {
		if u.count > 1 || !slices.Contains(own, presented{c.key, u.contract}) {
			listed = append(listed, u.contract)
		}
	}
	return listed
}
