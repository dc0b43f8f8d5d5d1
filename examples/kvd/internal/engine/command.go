package engine

import "strings"

// maxName is the length of the longest command name, rounded up.
const maxName = 32

// A command is a line of the command table.
type command struct {
	name  string // in lower case
	arity int    // number of arguments with the name; negative: at least so many
	flags flags
	keys  keys
	run   func(*call)
	subs  []command // if its first argument chooses what to do
	outer string    // of a subcommand: the name of the command
	over  *spread   // with several shards: how it concerns more than one
	index int       // its place in Engine.all
	calls int       // since CONFIG RESETSTAT
}

// flags say how a command may be used.
type flags uint8

const (
	write    flags = 1 << iota // may change keys
	read                       // reads keys, changes none
	fast                       // takes constant or logarithmic time
	admin                      // for operators
	pubsub                     // allowed to a RESP2 client that has subscriptions
	direct                     // executed in a transaction instead of queued
	anywhere                   // has no keys, and can be done by any shard
)

var flagNames = []struct {
	flag flags
	name string
}{
	{write, "write"}, {read, "readonly"}, {fast, "fast"}, {admin, "admin"}, {pubsub, "pubsub"},
}

// keys say which arguments are keys: every step-th from first to last, which
// counts from the end if negative. No keys are the zero value.
type keys struct{ first, last, step int }

var (
	noKeys   = keys{}
	oneKey   = keys{1, 1, 1}
	twoKeys  = keys{1, 2, 1}
	allKeys  = keys{1, -1, 1}
	pairKeys = keys{1, -1, 2}
)

// keyArgs calls visit for each argument that is a key.
func (cmd *command) keyArgs(args [][]byte, visit func(key []byte)) {
	k := cmd.keys
	if k.first == 0 {
		return
	}
	last := k.last
	if last < 0 {
		last += len(args)
	}
	for i := k.first; i <= last && i < len(args); i += k.step {
		visit(args[i])
	}
}

func (cmd *command) accepts(args int) bool {
	if cmd.arity < 0 {
		return args >= -cmd.arity
	}
	return args == cmd.arity
}

// fullName is the name by which errors and statistics call a command.
func (cmd *command) fullName() string {
	if cmd.outer != "" {
		return cmd.outer + "|" + cmd.name
	}
	return cmd.name
}

// sub returns the subcommand of a name, or nil.
func (cmd *command) sub(name []byte) *command {
	for i := range cmd.subs {
		if isKeyword(name, upper(cmd.subs[i].name)) {
			return &cmd.subs[i]
		}
	}
	return nil
}

// command finds the command that args call: a subcommand, if the command has
// some and an argument to choose by. It returns nil and the error otherwise.
func (e *Engine) command(args [][]byte) (cmd *command, problem string) {
	if cmd = e.lookup(args[0]); cmd == nil {
		return nil, errUnknown(args)
	}
	if cmd.subs != nil && len(args) > 1 {
		sub := cmd.sub(args[1])
		if sub == nil {
			return nil, errUnknownSub(cmd, args[1])
		}
		cmd = sub
	}
	if !cmd.accepts(len(args)) {
		return nil, errArity(cmd)
	}
	return cmd, ""
}

// lookup finds a command by its name in any case, without allocation.
func (e *Engine) lookup(name []byte) *command {
	if len(name) > maxName {
		return nil
	}
	var buf [maxName]byte
	lower := buf[:len(name)]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return e.commands[string(lower)]
}

func upper(s string) string { return strings.ToUpper(s) }
