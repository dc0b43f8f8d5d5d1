package engine

import (
	"fmt"
	"slices"
	"strings"
)

// A section is a part of INFO.
type section struct {
	name    string
	extra   bool // only if asked for
	content func(x *call, all *census, line func(format string, args ...any))
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

func info(x *call) { x.info([]*census{x.engine.census()}) }

// info replies with what there is to tell of shards.
func (x *call) info(shards []*census) {
	all := *shards[0]
	all.calls = slices.Clone(all.calls)
	if all.journal != nil {
		status := *all.journal
		all.journal = &status
	}
	for _, other := range shards[1:] {
		all.add(other)
	}
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
		s.content(x, &all, line)
	}
	if len(shards) > 1 && x.wantsSection(&section{name: "Shards"}) {
		infoShards(shards, line)
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

func infoServer(x *call, _ *census, line func(string, ...any)) {
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

func infoClients(_ *call, all *census, line func(string, ...any)) {
	line("connected_clients:%d", all.clients)
	line("pubsub_clients:%d", all.subscribers)
}

func infoMemory(x *call, _ *census, line func(string, ...any)) {
	if memory := x.engine.cfg.Memory; memory != nil {
		used := memory()
		line("used_memory:%d", used)
		line("used_memory_human:%.2fM", float64(used)/(1<<20))
	}
	line("maxmemory:0")
	line("maxmemory_policy:noeviction")
}

func infoStats(_ *call, all *census, line func(string, ...any)) {
	line("total_connections_received:%d", all.connections)
	line("total_commands_processed:%d", all.commands)
	line("total_net_input_bytes:%d", all.input)
	line("total_net_output_bytes:%d", all.output)
	line("expired_keys:%d", all.expired)
	line("keyspace_hits:%d", all.hits)
	line("keyspace_misses:%d", all.misses)
	line("pubsub_channels:%d", len(all.channels))
	line("pubsub_patterns:%d", len(all.patterns))
	line("client_output_buffer_limit_disconnections:%d", all.overflows)
}

func infoCommandStats(x *call, all *census, line func(string, ...any)) {
	for i, calls := range all.calls {
		if calls > 0 {
			line("cmdstat_%s:calls=%d", x.engine.all[i].fullName(), calls)
		}
	}
}

func infoKeyspace(_ *call, all *census, line func(string, ...any)) {
	for i, keys := range all.keys {
		if keys > 0 {
			line("db%d:keys=%d,expires=%d", i, keys, all.expiring[i])
		}
	}
}

// infoShards tells how the load is spread: connections are of the core that has
// accepted them, commands of the one that has executed them.
func infoShards(shards []*census, line func(string, ...any)) {
	line("")
	line("# Shards")
	for i, s := range shards {
		line("shard%d:keys=%d,commands=%d,clients=%d", i, s.size(), s.commands, s.clients)
	}
}
