package durable

// stats are the counters of INFO.
type stats struct {
	batches  int
	syncs    int
	failures int
}

// Status implements engine.Journal. The names are those of Redis where it has
// one.
func (l *Log) Status(line func(format string, args ...any)) {
	w := &l.rewriter
	flag := func(name string, yes bool) {
		n := 0
		if yes {
			n = 1
		}
		line("%s:%d", name, n)
	}
	status := func(name string, err error) {
		if err != nil {
			line("%s:err", name)
		} else {
			line("%s:ok", name)
		}
	}
	flag("aof_rewrite_in_progress", w.running)
	flag("aof_rewrite_scheduled", w.asked)
	if w.count > 0 {
		line("aof_last_rewrite_time_sec:%d", int(w.took.Seconds()))
	} else {
		line("aof_last_rewrite_time_sec:-1")
	}
	if w.running {
		line("aof_current_rewrite_time_sec:%d", (l.ex.Driver().Now()-w.started)/1e9)
	} else {
		line("aof_current_rewrite_time_sec:-1")
	}
	status("aof_last_bgrewrite_status", w.failed)
	status("aof_last_write_status", l.broken)
	line("aof_rewrites:%d", w.count)
	line("aof_current_size:%d", w.baseSize+w.logSize)
	line("aof_base_size:%d", w.baseSize)
	line("aof_buffer_length:%d", l.pending.Len()+l.taken.Len())
	line("aof_batches:%d", l.stats.batches)
	line("aof_syncs:%d", l.stats.syncs)
	line("aof_failures:%d", l.stats.failures)
	line("aof_generation:%d", w.base)
}
