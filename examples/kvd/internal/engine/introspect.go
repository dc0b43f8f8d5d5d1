package engine

import (
	"strings"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// noSubcommand is reached by a command that needs a subcommand and has none,
// which its arity does not allow.
func noSubcommand(x *call) { x.error(errArity(x.cmd)) }

// help lists the subcommands of a command.
func help(x *call) {
	outer := x.engine.commands[x.cmd.outer]
	x.array(len(outer.subs) + 1)
	x.simple(upper(outer.name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for i := range outer.subs {
		x.simple(upper(outer.subs[i].name))
	}
}

// commandCommand is COMMAND alone, which describes all commands.
func commandCommand(x *call) {
	x.array(len(x.engine.ordered))
	for _, cmd := range x.engine.ordered {
		x.describe(cmd)
	}
}

func commandCount(x *call) { x.int(len(x.engine.ordered)) }

func commandInfo(x *call) {
	if len(x.args) == 2 {
		commandCommand(x)
		return
	}
	x.array(len(x.args) - 2)
	for _, name := range x.args[2:] {
		if cmd := x.engine.named(name); cmd != nil {
			x.describe(cmd)
		} else {
			x.null()
		}
	}
}

// named finds a command, or a subcommand such as client|id.
func (e *Engine) named(name []byte) *command {
	outer, inner, found := strings.Cut(string(name), "|")
	cmd := e.lookup([]byte(outer))
	if cmd != nil && found {
		return cmd.sub([]byte(inner))
	}
	return cmd
}

// describe replies the ten elements of COMMAND INFO. There are no hints and no
// key specifications, which are optional.
func (x *call) describe(cmd *command) {
	x.array(10)
	x.text(cmd.fullName())
	x.int(cmd.arity)
	var names []string
	for _, f := range flagNames {
		if cmd.flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	x.set(len(names))
	for _, name := range names {
		x.simple(name)
	}
	x.int(cmd.keys.first)
	x.int(cmd.keys.last)
	x.int(cmd.keys.step)
	x.categories(cmd)
	x.array(0)
	x.array(0)
	x.array(len(cmd.subs))
	for i := range cmd.subs {
		x.describe(&cmd.subs[i])
	}
}

func (x *call) categories(cmd *command) {
	speed := "@slow"
	if cmd.flags&fast != 0 {
		speed = "@fast"
	}
	switch {
	case cmd.flags&write != 0:
		x.set(2)
		x.simple("@write")
	case cmd.flags&read != 0:
		x.set(2)
		x.simple("@read")
	default:
		x.set(1)
	}
	x.simple(speed)
}

// commandDocs documents the named commands, or all, with the little that
// redis-cli needs to complete their names.
func commandDocs(x *call) {
	var found []*command
	for _, name := range x.args[2:] {
		if cmd := x.engine.named(name); cmd != nil {
			found = append(found, cmd)
		}
	}
	if len(x.args) == 2 {
		found = x.engine.ordered
	}
	x.mapping(len(found))
	for _, cmd := range found {
		x.text(cmd.fullName())
		x.mapping(2)
		x.text("summary")
		x.text("see the documentation of Redis")
		x.text("group")
		x.text("generic")
	}
}

func commandList(x *call) {
	if len(x.args) > 2 {
		x.error(errSyntax) // no filters
		return
	}
	x.array(len(x.engine.ordered))
	for _, cmd := range x.engine.ordered {
		x.text(cmd.name)
	}
}

func commandGetKeys(x *call) {
	args := x.args[2:]
	cmd, _ := x.engine.command(args)
	switch {
	case x.engine.lookup(args[0]) == nil:
		x.error("ERR Invalid command specified")
	case cmd == nil:
		x.error("ERR Invalid number of arguments specified for command")
	case cmd.keys == noKeys:
		x.error("ERR The command has no key arguments")
	default:
		header, n := len(x.out), 0
		cmd.keyArgs(args, func(key []byte) {
			x.bulk(key)
			n++
		})
		x.insertArray(header, n)
	}
}

// timeCommand has the resolution of the time that Feed is given.
func timeCommand(x *call) {
	x.array(2)
	x.out = resp.AppendBulkInt(x.out, x.now/1000)
	x.out = resp.AppendBulkInt(x.out, x.now%1000*1000)
}
