package durable

import "github.com/rouse-go/rouse/examples/kvd/internal/engine"

// stats are the counters of INFO.
type stats struct {
	batches  int
	syncs    int
	failures int
}

// Status implements engine.Journal.
func (l *Log) Status() engine.JournalStatus {
	w := &l.rewriter
	s := engine.JournalStatus{
		Rewriting:     w.running,
		Scheduled:     w.asked,
		RewriteFailed: w.failed != nil,
		WriteFailed:   l.broken != nil,
		Took:          int(w.took.Seconds()),
		Rewrites:      w.count,
		Size:          w.baseSize + w.logSize,
		BaseSize:      w.baseSize,
		Buffer:        l.pending.Len() + l.taken.Len(),
		Batches:       l.stats.batches,
		Syncs:         l.stats.syncs,
		Failures:      l.stats.failures,
		Generation:    w.base,
	}
	if w.running {
		s.RunsFor = int((l.ex.Driver().Now() - w.started) / 1e9)
	}
	return s
}
