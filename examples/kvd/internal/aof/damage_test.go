package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Wherever a log is cut off, what is whole before is read, and the rest is a
// torn tail, if it is no end by itself.
func TestCutAnywhere(t *testing.T) {
	f := newFile(Log, 1)
	for i := range 5 {
		f.sync()
		f.write(false, fmt.Sprintf("SET k%d %s", i, strings.Repeat("v", i*20)))
	}
	for n := HeaderSize; n <= len(f.bytes); n++ {
		whole, end := 0, int64(HeaderSize)
		for _, e := range f.ends {
			if e <= int64(n) {
				whole, end = whole+1, e
			}
		}
		content, r, err := read(f.bytes[:n], 1)
		var d *Damage
		switch {
		case !slices.Equal(content, f.content[:whole]) || r.Offset() != end:
			t.Fatalf("cut at %d: %d batches to %d, want %d to %d", n, len(content), r.Offset(), whole, end)
		case end == int64(n) && err != io.EOF,
			end != int64(n) && (!errors.As(err, &d) || !d.Torn || d.Offset != end):
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

// A change of any bit that a later batch vouches for is corruption; of any
// other, a torn tail.
func TestChangeAnyBit(t *testing.T) {
	f := newFile(Log, 1)
	for i := range 4 {
		f.write(false, fmt.Sprintf("SET k%d v", i))
		if i == 1 {
			f.sync()
		}
	}
	f.write(false, "SET last one") // the first to know that batches 0 and 1 are durable is batch 2
	for i := HeaderSize; i < len(f.bytes); i++ {
		b := bytes.Clone(f.bytes)
		b[i] ^= 1 << (i % 8)
		content, r, err := read(b, 1)
		var d *Damage
		if !errors.As(err, &d) {
			t.Fatalf("with byte %d changed: %v", i, err)
		}
		at := slices.IndexFunc(f.ends, func(end int64) bool { return int64(i) < end })
		if len(content) != at || d.Offset != r.Offset() {
			t.Fatalf("with byte %d changed: %d batches are read, want %d", i, len(content), at)
		}
		if durable := at < 2; d.Torn == durable {
			t.Fatalf("with byte %d changed, in batch %d: %v", i, at, err)
		}
		if want := fmt.Sprintf("the batch at offset %d says that this was durable", f.ends[1]); !d.Torn && d.Why != want {
			t.Fatalf("%s; want %s", d.Why, want)
		}
	}
}

// Random logs, with syncs here and there, whose unsynced end is applied in
// random sectors: never corrupt, and nothing synced is missing.
func TestTornTails(t *testing.T) {
	torn := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		f := newFile(Log, seed)
		for range 1 + rng.IntN(12) {
			if rng.IntN(3) == 0 {
				f.sync()
			}
			var lines []string
			for range rng.IntN(4) {
				lines = append(lines, fmt.Sprintf("SET k%d %s", rng.IntN(100), strings.Repeat("v", rng.IntN(600))))
			}
			f.write(false, lines...)
		}
		f.durable = max(f.durable, HeaderSize)
		b := bytes.Clone(f.bytes[:f.durable])
		for at := f.durable; at < int64(len(f.bytes)); at = at/512*512 + 512 {
			if rng.IntN(2) == 0 {
				end := min(at/512*512+512, int64(len(f.bytes)))
				b = append(b, make([]byte, max(0, end-int64(len(b))))...)
				copy(b[at:end], f.bytes[at:end])
			}
		}
		content, _, err := read(b, 1)
		var d *Damage
		if errors.As(err, &d) {
			torn++
		}
		if err != io.EOF && (d == nil || !d.Torn) {
			t.Fatalf("seed %d: %v, durable to %d of %d", seed, err, f.durable, len(f.bytes))
		}
		if !slices.Equal(content, f.content[:len(content)]) {
			t.Fatalf("seed %d: %d batches are not those that were written", seed, len(content))
		}
		if synced := len(slices.DeleteFunc(slices.Clone(f.ends), func(e int64) bool { return e > f.durable })); len(content) < synced {
			t.Fatalf("seed %d: %d batches, but %d were synced", seed, len(content), synced)
		}
	}
	if torn < 500 {
		t.Errorf("only %d tails are torn", torn)
	}
}

// What a client stores as a value is not taken for a batch behind a torn one,
// though it is the bytes of another log.
func TestStoredLogIsNoWitness(t *testing.T) {
	other := newFile(Log, 2)
	for range 5 {
		other.write(false, "INCR n")
		other.sync()
	}
	f := newFile(Log, 1)
	f.write(false, "SET k "+strings.Repeat("v", 1000)+string(other.bytes)+"kvdBkvdB"+strings.Repeat("v", 3000))
	_, _, err := read(f.bytes[:len(f.bytes)-1], 1)
	var d *Damage
	if !errors.As(err, &d) || !d.Torn {
		t.Error(err)
	}
}

func TestMissingBatch(t *testing.T) {
	f := newFile(Log, 1)
	f.write(false, "INCR n")
	f.sync()
	kept := f.ends[0]
	f.write(false, "INCR n")
	f.write(false, "INCR n")
	gap := append(bytes.Clone(f.bytes[:kept]), f.bytes[f.ends[1]:]...)
	_, _, err := read(gap, 1)
	var d *Damage
	if !errors.As(err, &d) || d.Torn || d.Offset != kept || !strings.Contains(err.Error(), "batch 3 is where batch 2 should be") {
		t.Error(err)
	}
	if _, _, err := read(f.bytes, 2); !strings.Contains(err.Error(), "batch 1 is where batch 2 should be") {
		t.Error(err)
	}
}
