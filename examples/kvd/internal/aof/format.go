// Package aof is the form of kvd's append-only files: pure functions between
// commands and bytes, which neither open nor write a file.
//
// # The form
//
// A file is a [Header] and then batches, one behind the other. A batch is a
// header of its own and the commands of one group commit; it counts as a whole
// or not at all. All numbers are little-endian:
//
//	file   "KVDAOF1\n" kind:1 shard:1 shards:1 0:5 generation:8 next:8 salt:8 0:20 crc:4
//	batch  "kvdB" flags:4 length:8 seq:8 durable:8 payload crc:4 header crc:4 payload
//	payload  { db, n, n × { length, bytes } }…, the numbers as varints
//
// The checksums are CRC-32C. Those of a batch start from the file's salt, so
// that the bytes of an old file, or of a file that a client stored as a value,
// are never taken for batches of this one. Sequence numbers go up by one from
// batch to batch and from file to file, so that nothing can be missing between.
//
// # Torn or corrupt
//
// When a machine loses power, what was written and not synced may be there, or
// not, or in parts, in any order. That is a torn tail, and it is no loss: nobody
// was told that it is safe. Damage before it is corruption. To tell them apart,
// each batch says up to which offset the file was known to be durable when the
// batch was written. Damage at some offset is corruption if a batch behind it
// says that the offset was durable, else it is a torn tail. A batch without
// commands is there only to say so.
//
// What nothing behind it vouches for is the last thing that was synced before
// the end. If it is damaged later, that can't be told from a torn tail; so a
// server that ends in order writes an empty batch as its last.
package aof

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Kind is what a file is for.
type Kind uint8

// The kinds of files.
const (
	Base Kind = 1 // the whole key space at one moment, closed by a batch with End
	Log  Kind = 2 // what happened since
)

// HeaderSize is the length of a Header in a file.
const HeaderSize = 64

const magic = "KVDAOF1\n"

// A Header is at the start of each file.
type Header struct {
	Kind       Kind
	Shard      uint8  // that the file is of, counted from 0
	Shards     uint8  // so many there are; 0: the file has all keys
	Generation uint64 // of the base, and of the log that follows it
	Next       uint64 // of a base: sequence number of the first batch behind it
	Salt       uint64 // random; starts the checksums of the file's batches
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append appends the header to b.
func (h Header) Append(b []byte) []byte {
	at := len(b)
	b = append(b, magic...)
	b = append(b, byte(h.Kind), h.Shard, h.Shards, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, h.Generation)
	b = binary.LittleEndian.AppendUint64(b, h.Next)
	b = binary.LittleEndian.AppendUint64(b, h.Salt)
	b = append(b, make([]byte, HeaderSize-4-(len(b)-at))...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

// ErrHeader is the result of reading something that is not one of these files.
var ErrHeader = errors.New("the file's header is damaged, or it is not a file of kvd's")

// ParseHeader reads what Append wrote.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize || string(b[:len(magic)]) != magic ||
		binary.LittleEndian.Uint32(b[HeaderSize-4:]) != crc32.Checksum(b[:HeaderSize-4], castagnoli) {
		return Header{}, ErrHeader
	}
	h := Header{
		Kind:       Kind(b[8]),
		Shard:      b[9],
		Shards:     b[10],
		Generation: binary.LittleEndian.Uint64(b[16:]),
		Next:       binary.LittleEndian.Uint64(b[24:]),
		Salt:       binary.LittleEndian.Uint64(b[32:]),
	}
	if h.Kind != Base && h.Kind != Log {
		return Header{}, fmt.Errorf("%w: kind %d", ErrHeader, h.Kind)
	}
	return h, nil
}

// seed is what the checksums of the file's batches start from: that of the salt,
// byte by byte, as crc32.Checksum would have its argument on the heap.
func (h Header) seed() uint32 {
	crc := ^uint32(0)
	for i := range 8 {
		crc = castagnoli[byte(crc)^byte(h.Salt>>(8*i))] ^ crc>>8
	}
	return ^crc
}
