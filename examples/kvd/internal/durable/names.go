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
const (
	lockName  = "LOCK"
	extension = ".aof"
	temporary = ".tmp"
)

func baseName(gen uint64) string { return fmt.Sprintf("base-%08d", gen) + extension }
func tempName(gen uint64) string { return fmt.Sprintf("base-%08d", gen) + temporary }
func logName(gen uint64) string  { return fmt.Sprintf("log-%08d", gen) + extension }

// parseName returns what a name stands for, if it is one of ours.
func parseName(name string) (kind aof.Kind, gen uint64, temp, ok bool) {
	stem, ok := strings.CutSuffix(name, extension)
	if !ok {
		if stem, temp = strings.CutSuffix(name, temporary); !temp {
			return 0, 0, false, false
		}
	}
	prefix, digits, _ := strings.Cut(stem, "-")
	gen, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil || gen == 0:
		return 0, 0, false, false
	case prefix == "base" && (name == baseName(gen) || name == tempName(gen)):
		return aof.Base, gen, temp, true
	case prefix == "log" && name == logName(gen):
		return aof.Log, gen, false, true
	}
	return 0, 0, false, false
}
