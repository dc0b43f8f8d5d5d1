package durable

import (
	"context"
	"slices"

	"github.com/rouse-go/rouse/examples/kvd/internal/aof"
	"github.com/rouse-go/rouse/fileio"
)

// A listing is the files of a place, by generation, in order.
type listing struct {
	bases []uint64
	logs  []uint64
	temps []uint64
	last  uint64 // the greatest of all
}

// An inventory is what is in a directory.
type inventory map[place]*listing

// takeInventory lists a directory.
func takeInventory(ctx context.Context, dir string) (inventory, error) {
	entries, err := fileio.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	all := inventory{}
	for _, e := range entries {
		f, ok := parseName(e.Name())
		if !ok {
			continue
		}
		l := all.of(f.of)
		switch {
		case f.temp:
			l.temps = append(l.temps, f.gen)
		case f.kind == aof.Base:
			l.bases = append(l.bases, f.gen)
		default:
			l.logs = append(l.logs, f.gen)
		}
		l.last = max(l.last, f.gen)
	}
	for _, l := range all {
		slices.Sort(l.bases)
		slices.Sort(l.logs)
	}
	return all, nil
}

// of returns the files of a place.
func (all inventory) of(p place) *listing {
	l := all[p]
	if l == nil {
		l = &listing{}
		all[p] = l
	}
	return l
}

// last is the greatest generation of all places.
func (all inventory) last() (gen uint64) {
	for _, l := range all {
		gen = max(gen, l.last)
	}
	return gen
}

// names returns the names of all the files.
func (l *listing) names(p place) (names []string) {
	for _, gen := range l.temps {
		names = append(names, p.temp(gen))
	}
	for _, gen := range l.bases {
		names = append(names, p.base(gen))
	}
	for _, gen := range l.logs {
		names = append(names, p.log(gen))
	}
	return names
}
