package durable

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
)

// The files of a directory. Each rewrite makes a generation: log-N takes what
// happens from its start on, and base-N has the whole key space as it was then.
// The base is written under a temporary name and renamed when it is durable, so
// its name is what makes a rewrite count: the greatest N of a base is where the
// start reads, with every log from N on. Whatever has a smaller N is rubbish.
//
//	LOCK                 held by the kvd that uses the directory
//	base-00000003.aof
//	log-00000003.aof     one or, while a rewrite is under way, two
//	base-00000004.tmp    the base of that rewrite
//
// With several shards each has such files, of generations of its own, and a
// manifest says how many shards there are. What is of another number is rubbish.
//
//	SHARDS
//	SHARDS.tmp           one that is going to replace it
//	base-00000003.0of2.aof
//	log-00000003.0of2.aof
//	base-00000007.1of2.aof
//	log-00000007.1of2.aof
const (
	lockName     = "LOCK"
	manifestName = "SHARDS"
	extension    = ".aof"
	temporary    = ".tmp"
	manifestTemp = manifestName + temporary
)

// A place says whose files are meant: those of a shard among so many. The zero
// place is that of the only one.
type place struct{ shard, shards int }

// placeOf returns the place of a shard.
func placeOf(shard, shards int) place {
	if shards == 1 {
		return place{}
	}
	return place{shard, shards}
}

// count is how many shards there are.
func (p place) count() int { return max(1, p.shards) }

func (p place) name(stem string, gen uint64, ext string) string {
	if p.shards == 0 {
		return fmt.Sprintf("%s-%08d%s", stem, gen, ext)
	}
	return fmt.Sprintf("%s-%08d.%dof%d%s", stem, gen, p.shard, p.shards, ext)
}

func (p place) base(gen uint64) string { return p.name("base", gen, extension) }
func (p place) temp(gen uint64) string { return p.name("base", gen, temporary) }
func (p place) log(gen uint64) string  { return p.name("log", gen, extension) }

// header is that of a file of the place.
func (p place) header(kind aof.Kind, gen, salt uint64) aof.Header {
	return aof.Header{Kind: kind, Shard: uint8(p.shard), Shards: uint8(p.shards), Generation: gen, Salt: salt}
}

// A fileName is what the name of one of our files says.
type fileName struct {
	kind aof.Kind
	gen  uint64
	of   place
	temp bool
}

// parseName returns what a name stands for, if it is one of ours.
func parseName(name string) (f fileName, ok bool) {
	stem, ok := strings.CutSuffix(name, extension)
	if !ok {
		if stem, f.temp = strings.CutSuffix(name, temporary); !f.temp {
			return fileName{}, false
		}
	}
	kind, number, _ := strings.Cut(stem, "-")
	digits, of, sharded := strings.Cut(number, ".")
	if sharded {
		shard, shards, _ := strings.Cut(of, "of")
		f.of.shard, _ = strconv.Atoi(shard)
		f.of.shards, _ = strconv.Atoi(shards)
		if f.of.shards < 2 || f.of.shard < 0 || f.of.shard >= f.of.shards {
			return fileName{}, false
		}
	}
	f.gen, _ = strconv.ParseUint(digits, 10, 64)
	again := f.of.log(f.gen)
	switch f.kind = aof.Log; {
	case kind == "base" && f.temp:
		f.kind, again = aof.Base, f.of.temp(f.gen)
	case kind == "base":
		f.kind, again = aof.Base, f.of.base(f.gen)
	}
	if f.gen == 0 || name != again {
		return fileName{}, false
	}
	return f, true
}
