// Package rdb is the byte form of values in Redis' RDB format: what DUMP answers
// and RESTORE takes, and files: those that SAVE writes, and those of any Redis that a
// log begins with.
//
// It knows the encodings of RDB versions up to 12 (Redis 7.4), reads all of them
// but modules' and hashes with deadlines for fields, and writes version 10, which
// Redis 7.0 reads. It must not know the keyspace. It believes nothing that it reads: lengths are checked against what is
// there, so that no payload takes more memory than its own size accounts for, and
// damaged ones are an error.
package rdb

import "errors"

// Type is how a value is encoded: the first byte of a payload.
type Type byte

// The types that are read; those with "Plain" in their comment are written too.
const (
	typeString     Type = 0  // Plain
	typeList       Type = 1  // Plain
	typeSet        Type = 2  // Plain
	typeZSetText   Type = 3  // scores as text
	typeHash       Type = 4  // Plain
	typeZSet       Type = 5  // Plain
	typeZipmap     Type = 9  // hash
	typeZiplist    Type = 10 // list
	typeIntset     Type = 11 // set
	typeZSetZip    Type = 12
	typeHashZip    Type = 13
	typeQuicklist  Type = 14 // list of ziplists
	typeStream     Type = 15 // 5.0
	typeHashPack   Type = 16
	typeZSetPack   Type = 17
	typeQuicklist2 Type = 18 // list of listpacks
	typeStream2    Type = 19 // 7.0; Plain
	typeSetPack    Type = 20
	typeStream3    Type = 21 // 7.2
)

// Kind is what a value is, whatever its encoding.
type Kind byte

// The kinds of values.
const (
	String Kind = iota
	List
	Set
	ZSet
	Hash
	Stream
)

// Value is a decoded value. Its slices may point into the payload.
type Value struct {
	Kind Kind
	// Items are the string itself, a list's elements, a set's or sorted set's
	// members, or a hash's fields, each followed by its value. Members and fields
	// are distinct; all but a stream have at least one item.
	Items  [][]byte
	Scores []float64 // of a sorted set
	Stream *StreamValue
}

// ErrFormat is returned for what is not the encoding of a value.
var ErrFormat = errors.New("rdb: bad data format")

// ErrPayload is returned for a payload that is damaged, or of a version that is not read.
var ErrPayload = errors.New("rdb: version or checksum of the payload are wrong")
