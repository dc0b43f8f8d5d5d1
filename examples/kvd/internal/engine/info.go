package engine

import (
	"fmt"
	"strings"
)

// A section is a part of INFO.
type section struct {
	name    string
	extra   bool // only if asked for
	content func(x *call, line func(format string, args ...any))
}

var sections = []section{
	{name: "Server", content: infoServer},
	{name: "Clients", content: infoClients},
	{name: "Memory", content: infoMemory},
	{name: "Persistence", content: infoPersistence},
	{name: "Stats", content: infoStats},
	{name: "Commandstats", extra: true, content: infoCommandStats},
	{name: "Keyspace", content: infoKeyspace},
}

func info(x *call) {
	var text strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&text, format+"\r\n", args...)
	}
	for _, s := range sections {
		if !x.wantsSection(&s) {
			continue
		}
		if text.Len() > 0 {
			line("")
		}
		line("# %s", s.name)
		s.content(x, line)
	}
	x.verbatim(text.String())
}

func (x *call) wantsSection(s *section) bool {
	if len(x.args) == 1 {
		return !s.extra
	}
	for i := 1; i < len(x.args); i++ {
		if x.is(i, upper(s.name)) || x.is(i, "ALL") || x.is(i, "EVERYTHING") || x.is(i, "DEFAULT") && !s.extra {
			return true
		}
	}
	return false
}

func infoServer(x *call, line func(string, ...any)) {
	cfg := &x.engine.cfg
	up := (x.now - cfg.Start) / 1000
	line("redis_version:%s", redisVersion)
	line("redis_mode:standalone")
	if cfg.Version != "" {
		line("kvd_version:%s", cfg.Version)
	}
	line("tcp_port:%d", cfg.Port)
	line("server_time_usec:%d", x.now*1000)
	line("uptime_in_seconds:%d", up)
	line("uptime_in_days:%d", up/(24*60*60))
}

func infoClients(x *call, line func(string, ...any)) {
	subscribers := 0
	for _, c := range x.engine.clients { // in any order, as they are counted
		if c.subscribed() {
			subscribers++
		}
	}
	line("connected_clients:%d", len(x.engine.clients))
	line("pubsub_clients:%d", subscribers)
}

func infoMemory(x *call, line func(string, ...any)) {
	if memory := x.engine.cfg.Memory; memory != nil {
		used := memory()
		line("used_memory:%d", used)
		line("used_memory_human:%.2fM", float64(used)/(1<<20))
	}
	line("maxmemory:0")
	line("maxmemory_policy:noeviction")
}

func infoPersistence(x *call, line func(string, ...any)) {
	line("loading:0")
	if j := x.engine.journal; j != nil {
		line("aof_enabled:1")
		j.Status(line)
	} else {
		line("aof_enabled:0")
	}
}

func infoStats(x *call, line func(string, ...any)) {
	e := x.engine
	line("total_connections_received:%d", e.stats.connections)
	line("total_commands_processed:%d", e.stats.commands)
	line("total_net_input_bytes:%d", e.stats.input)
	line("total_net_output_bytes:%d", e.stats.output)
	line("expired_keys:%d", e.expired()-e.stats.expired)
	line("keyspace_hits:%d", e.stats.hits)
	line("keyspace_misses:%d", e.stats.misses)
	line("pubsub_channels:%d", e.channels.Len())
	line("pubsub_patterns:%d", e.patterns.Len())
	line("client_output_buffer_limit_disconnections:%d", e.stats.overflows)
}

func infoCommandStats(x *call, line func(string, ...any)) {
	count := func(cmd *command) {
		if cmd.calls > 0 {
			line("cmdstat_%s:calls=%d", cmd.fullName(), cmd.calls)
		}
	}
	for _, cmd := range x.engine.ordered {
		count(cmd)
		for i := range cmd.subs {
			count(&cmd.subs[i])
		}
	}
}

func infoKeyspace(x *call, line func(string, ...any)) {
	for i, db := range x.engine.dbs {
		if db.Len() > 0 {
			line("db%d:keys=%d,expires=%d", i, db.Len(), db.Expiring())
		}
	}
}
