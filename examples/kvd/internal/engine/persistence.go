package engine

// A JournalStatus is what INFO tells of a Journal. With several shards it adds up
// those of all.
type JournalStatus struct {
	Rewriting     bool // now
	Scheduled     bool // a rewrite is, or goes on after a pause
	RewriteFailed bool // the latest one
	WriteFailed   bool // commands that write are refused
	RunsFor       int  // seconds of the rewrite under way
	Took          int  // seconds of the latest one that is done; there were Rewrites
	Rewrites      int
	Size          int64 // bytes of base and logs
	BaseSize      int64
	Buffer        int // bytes that wait to be written
	Batches       int // group commits
	Syncs         int
	Failures      int
	Generation    uint64 // of the newest base
}

func (s *JournalStatus) add(o *JournalStatus) {
	s.Rewriting = s.Rewriting || o.Rewriting
	s.Scheduled = s.Scheduled || o.Scheduled
	s.RewriteFailed = s.RewriteFailed || o.RewriteFailed
	s.WriteFailed = s.WriteFailed || o.WriteFailed
	s.RunsFor = max(s.RunsFor, o.RunsFor)
	s.Took = max(s.Took, o.Took)
	s.Rewrites += o.Rewrites
	s.Size += o.Size
	s.BaseSize += o.BaseSize
	s.Buffer += o.Buffer
	s.Batches += o.Batches
	s.Syncs += o.Syncs
	s.Failures += o.Failures
	s.Generation = max(s.Generation, o.Generation)
}

// infoPersistence has the names of Redis where it has one.
func infoPersistence(_ *call, all *census, line func(string, ...any)) {
	line("loading:0")
	s := all.journal
	if s == nil {
		line("aof_enabled:0")
		return
	}
	flag := func(name string, yes bool) {
		n := 0
		if yes {
			n = 1
		}
		line("%s:%d", name, n)
	}
	seconds := func(name string, known bool, n int) {
		if !known {
			n = -1
		}
		line("%s:%d", name, n)
	}
	status := func(name string, failed bool) {
		if failed {
			line("%s:err", name)
		} else {
			line("%s:ok", name)
		}
	}
	line("aof_enabled:1")
	flag("aof_rewrite_in_progress", s.Rewriting)
	flag("aof_rewrite_scheduled", s.Scheduled)
	seconds("aof_last_rewrite_time_sec", s.Rewrites > 0, s.Took)
	seconds("aof_current_rewrite_time_sec", s.Rewriting, s.RunsFor)
	status("aof_last_bgrewrite_status", s.RewriteFailed)
	status("aof_last_write_status", s.WriteFailed)
	line("aof_rewrites:%d", s.Rewrites)
	line("aof_current_size:%d", s.Size)
	line("aof_base_size:%d", s.BaseSize)
	line("aof_buffer_length:%d", s.Buffer)
	line("aof_batches:%d", s.Batches)
	line("aof_syncs:%d", s.Syncs)
	line("aof_failures:%d", s.Failures)
	line("aof_generation:%d", s.Generation)
}
