package engine

// shutdown ends the server. What was acknowledged is kept, whatever the
// arguments say: they are there for clients that know Redis.
func shutdown(x *call) {
	if x.client.queueing() {
		x.client.abort()
		x.error("ERR Command not allowed inside a transaction")
		return
	}
	for i := 1; i < len(x.args); i++ {
		switch {
		case x.is(i, "SAVE"), x.is(i, "NOSAVE"), x.is(i, "NOW"), x.is(i, "FORCE"):
		case x.is(i, "ABORT"):
			x.error("ERR No shutdown in progress.")
			return
		default:
			x.error(errSyntax)
			return
		}
	}
	if x.engine.cfg.Shutdown == nil {
		x.error("ERR Errors trying to SHUTDOWN. Check logs.")
		return
	}
	x.client.closing = true // the end of the connection is the reply
	x.engine.cfg.Shutdown()
}

func bgRewriteAOF(x *call) {
	problem := "ERR there is no append-only log; start kvd with -data"
	if j := x.engine.journal; j != nil {
		problem = j.Rewrite()
	}
	if problem != "" {
		x.error(problem)
		return
	}
	x.simple("Background append only file rewriting started")
}
