package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/resp"

// execute runs the command that args call, queues it for a transaction, or
// replies why it does neither.
func (x *call) execute(args [][]byte) {
	cmd, problem := x.engine.command(args)
	x.do(cmd, problem, args)
}

// do is execute for a command that was found, or was not because of a problem.
func (x *call) do(cmd *command, problem string, args [][]byte) {
	c := x.client
	mark := len(x.out)
	x.cmd, x.args = cmd, args
	switch {
	case cmd == nil:
		c.abort()
		x.error(problem)
	case c.proto == resp.RESP2 && cmd.flags&pubsub == 0 && c.subscribed():
		c.abort()
		x.error("ERR Can't execute '" + cmd.fullName() + "': only (P|S)SUBSCRIBE / " +
			"(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	case !x.ofOthers() && x.refused(cmd):
	case c.queueing() && cmd.flags&direct == 0:
		x.queue()
	default:
		x.run()
	}
	if c.muted != loud {
		x.mute(mark)
	} else {
		x.pushes = nil // they are in the reply; EXEC may have had CLIENT REPLY ON in it
	}
}

// run runs x.cmd with x.args.
func (x *call) run() {
	x.count()
	x.perform(x.cmd.run)
}

// count counts x.cmd as called.
func (x *call) count() {
	x.cmd.calls++
	x.engine.stats.commands++
	x.client.last = x.cmd
}

// perform runs x.cmd, or the part of it that is for this shard.
func (x *call) perform(run func(*call)) {
	e := x.engine
	x.db = e.dbs[x.client.db]
	x.changed, x.told = false, false
	if e.snapshot != nil && x.cmd.flags&write != 0 {
		x.cmd.keyArgs(x.args, x.preserve)
	}
	run(x)
	x.tell()
	if x.changed && len(e.watchers) > 0 {
		x.cmd.keyArgs(x.args, x.touch)
	}
}
