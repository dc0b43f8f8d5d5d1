package engine

import (
	"bytes"
	"fmt"
	"strconv"
)

// A setting is a parameter of CONFIG GET. They are those of Redis's that tell
// something true about this server; none can be changed while it runs.
type setting struct{ name, value string }

func (e *Engine) settings() []setting {
	var settings []setting
	if e.journal == nil {
		settings = append(settings, setting{"appendonly", "no"})
	} else {
		settings = append(settings, setting{"appendonly", "yes"}, setting{"appendfsync", e.journal.Policy()})
	}
	return append(settings,
		setting{"client-query-buffer-limit", strconv.Itoa(e.cfg.MaxQueryBuffer)},
		setting{"databases", strconv.Itoa(databases)},
		setting{"maxmemory", "0"},
		setting{"maxmemory-policy", "noeviction"},
		setting{"port", strconv.Itoa(e.cfg.Port)},
		setting{"proto-max-bulk-len", strconv.Itoa(e.cfg.MaxBulk)},
		setting{"save", ""},
	)
}

func configGet(x *call) {
	var found []setting
	for _, s := range x.engine.settings() {
		for _, pattern := range x.args[2:] {
			if match(bytes.ToLower(pattern), s.name) {
				found = append(found, s)
				break
			}
		}
	}
	x.mapping(len(found))
	for _, s := range found {
		x.text(s.name)
		x.text(s.value)
	}
}

func configSet(x *call) {
	if len(x.args)%2 != 0 {
		x.error(errSyntax)
		return
	}
	for i := 2; i < len(x.args); i += 2 {
		known := false
		for _, s := range x.engine.settings() {
			known = known || x.is(i, upper(s.name))
		}
		if !known {
			x.error(fmt.Sprintf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", x.args[i]))
			return
		}
	}
	x.error(fmt.Sprintf("ERR CONFIG SET failed (possibly related to argument '%s') - can't set immutable config", x.args[2]))
}

func configResetStat(x *call) {
	e := x.engine
	e.stats = stats{expired: e.expired()}
	for _, cmd := range e.ordered {
		cmd.calls = 0
		for i := range cmd.subs {
			cmd.subs[i].calls = 0
		}
	}
	x.ok()
}

// expired counts all keys that ever were removed because of their deadline.
func (e *Engine) expired() int {
	n := 0
	for _, db := range e.dbs {
		n += db.Expired()
	}
	return n
}
