package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// Rows that are found by one exact key, of which there may be millions, share rows of memdb: an entry of a memdb index
// weighs 430 bytes, more than most of these rows. A row goes to the shard that its key hashes to, and a
// shard is an immutable sorted list, copied when one of its rows changes.

const shardCount = 1 << 14 // about sixty rows a shard at a million rows

// keyed is a row of a sharded table; it is a pointer.
type keyed interface {
	rowKey() string
}

type shard[Row keyed] struct {
	number uint16
	rows   []Row // by key
}

func (s *shard[Row]) place() uint64 { return uint64(s.number) }

func (s *shard[Row]) find(key string) (int, bool) {
	return slices.BinarySearchFunc(s.rows, key, func(row Row, key string) int { return strings.Compare(row.rowKey(), key) })
}

func shardOf(key string) uint16 { return uint16(hashOf(key) % shardCount) }

// placed is a row of memdb that is found by a number.
type placed interface{ place() uint64 }

// number indexes rows by their place, in its order.
type number struct{}

func (number) FromObject(row any) (bool, []byte, error) {
	return true, binary.BigEndian.AppendUint64(nil, row.(placed).place()), nil
}

func (number) FromArgs(args ...any) ([]byte, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("an index is asked for one number, not %d", len(args))
	}
	place, ok := args[0].(uint64)
	if !ok {
		return nil, fmt.Errorf("an index is asked for a number, not %T", args[0])
	}
	return binary.BigEndian.AppendUint64(nil, place), nil
}

// lookUp finds a row of a sharded table; nil when there is none.
func lookUp[Row keyed](rows *memdb.Txn, table, key string) (none Row, err error) {
	s, err := shardAt[Row](rows, table, shardOf(key))
	if err != nil || s == nil {
		return none, err
	}
	if at, there := s.find(key); there {
		return s.rows[at], nil
	}
	return none, nil
}

func shardAt[Row keyed](rows *memdb.Txn, table string, number uint16) (*shard[Row], error) {
	found, err := rows.First(table, indexID, uint64(number))
	if err != nil {
		return nil, fmt.Errorf("look up shard %d of %s: %w", number, table, err)
	}
	s, _ := found.(*shard[Row])
	return s, nil
}

// changed gathers changes to a sharded table, so that a shard is copied and kept once a transaction.
type changed[Row keyed] struct {
	rows   *memdb.Txn
	table  string
	shards map[uint16]*shard[Row]
}

func changesTo[Row keyed](rows *memdb.Txn, table string) *changed[Row] {
	return &changed[Row]{rows: rows, table: table, shards: map[uint16]*shard[Row]{}}
}

func (c *changed[Row]) get(key string) (none Row, err error) {
	s, begun := c.shards[shardOf(key)]
	if !begun {
		return lookUp[Row](c.rows, c.table, key)
	}
	if at, there := s.find(key); there {
		return s.rows[at], nil
	}
	return none, nil
}

// put sets the row of its key.
func (c *changed[Row]) put(row Row) error {
	s, err := c.own(row.rowKey())
	if err != nil {
		return err
	}
	at, there := s.find(row.rowKey())
	if there {
		s.rows[at] = row
		return nil
	}
	s.rows = slices.Insert(s.rows, at, row)
	return nil
}

func (c *changed[Row]) drop(key string) error {
	s, err := c.own(key)
	if err != nil {
		return err
	}
	if at, there := s.find(key); there {
		s.rows = slices.Delete(s.rows, at, at+1)
	}
	return nil
}

// own is the shard of a key, ours to change.
func (c *changed[Row]) own(key string) (*shard[Row], error) {
	number := shardOf(key)
	if s, begun := c.shards[number]; begun {
		return s, nil
	}
	old, err := shardAt[Row](c.rows, c.table, number)
	if err != nil {
		return nil, err
	}
	s := &shard[Row]{number: number}
	if old != nil {
		s.rows = append(make([]Row, 0, len(old.rows)+1), old.rows...)
	}
	c.shards[number] = s
	return s, nil
}

// keep puts the changed shards into the transaction.
func (c *changed[Row]) keep() error {
	var faults []error
	for _, s := range c.shards {
		faults = append(faults, c.rows.Insert(c.table, s))
	}
	return errors.Join(faults...)
}

// each calls do with every row of a sharded table, in no order that means anything.
func each[Row keyed](rows *memdb.Txn, table string, do func(Row)) error {
	shards, err := rows.Get(table, indexID+byPrefix)
	if err != nil {
		return fmt.Errorf("list %s: %w", table, err)
	}
	for found := shards.Next(); found != nil; found = shards.Next() {
		for _, row := range found.(*shard[Row]).rows {
			do(row)
		}
	}
	return nil
}
