package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/resp"

// execute runs the command that args call, queues it for a transaction, or
// replies why it does neither.
func (x *call) execute(args [][]byte) {
	e, c := x.engine, x.client
	mark := len(x.out)
	cmd, problem := e.command(args)
	x.cmd, x.args = cmd, args
	switch {
	case cmd == nil:
		c.abort()
		x.error(problem)
	case c.proto == resp.RESP2 && cmd.flags&pubsub == 0 && c.subscribed():
		c.abort()
		x.error("ERR Can't execute '" + cmd.fullName() + "': only (P|S)SUBSCRIBE / " +
			"(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	case x.refused(cmd):
	case c.queueing() && cmd.flags&direct == 0:
		x.queue()
	default:
		x.run()
	}
	if c.muted != loud {
		x.mute(mark)
	}
}

// run runs x.cmd with x.args.
func (x *call) run() {
	e := x.engine
	x.db = e.dbs[x.client.db]
	x.changed, x.told = false, false
	x.cmd.calls++
	e.stats.commands++
	x.client.last = x.cmd
	if e.snapshot != nil && x.cmd.flags&write != 0 {
		x.cmd.keyArgs(x.args, x.preserve)
	}
	x.cmd.run(x)
	x.tell()
	if x.changed && len(e.watchers) > 0 {
		x.cmd.keyArgs(x.args, x.touch)
	}
}
