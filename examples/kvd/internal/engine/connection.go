package engine

import "github.com/rouse-go/rouse/examples/kvd/internal/resp"

// redisVersion is the version whose commands and texts the engine follows.
// Clients look at it to find out what they may use.
const redisVersion = "7.0.15"

// ping answers a RESP2 client that has subscriptions with something that looks
// like a message, which is all such a client expects.
func ping(x *call) {
	if len(x.args) > 2 {
		x.error(errArity(x.cmd))
		return
	}
	if x.client.proto == resp.RESP2 && x.client.subscribed() {
		x.array(2)
		x.text("pong")
		if len(x.args) == 2 {
			x.bulk(x.args[1])
		} else {
			x.text("")
		}
		return
	}
	if len(x.args) == 2 {
		x.bulk(x.args[1])
	} else {
		x.simple("PONG")
	}
}

func echo(x *call) { x.bulk(x.args[1]) }

func quit(x *call) {
	x.ok()
	x.client.closing = true
}

func selectDB(x *call) {
	if n, ok := x.database(1); ok {
		x.client.db = n
		x.ok()
	}
}

// database parses the number of a database.
func (x *call) database(i int) (n int, ok bool) {
	v, ok := x.integer(i)
	switch {
	case !ok:
		return 0, false
	case v != int64(int32(v)):
		x.error(errInt32)
		return 0, false
	case v < 0 || v >= databases:
		x.error(errDBIndex)
		return 0, false
	}
	return int(v), true
}

// auth accepts the only user there is, who has no password.
func auth(x *call) {
	switch {
	case len(x.args) > 3:
		x.error(errSyntax)
	case len(x.args) == 2:
		x.error(errNoPassword)
	case string(x.args[1]) != defaultUser:
		x.error(errWrongPass)
	default:
		x.ok()
	}
}

const defaultUser = "default"

func hello(x *call) {
	c := x.client
	proto, name := c.proto, c.name
	if len(x.args) > 1 {
		v, ok := resp.ParseInt(x.args[1])
		if !ok {
			x.error("ERR Protocol version is not an integer or out of range")
			return
		}
		if v != 2 && v != 3 {
			x.error(errProtoVersion)
			return
		}
		proto = resp.Proto(v)
	}
	for i := 2; i < len(x.args); i++ {
		switch rest := len(x.args) - i - 1; {
		case x.is(i, "AUTH") && rest >= 2:
			if string(x.args[i+1]) != defaultUser {
				x.error(errWrongPass)
				return
			}
			i += 2
		case x.is(i, "SETNAME") && rest >= 1:
			i++
			if !x.validName(x.args[i]) {
				return
			}
			name = string(x.args[i])
		default:
			x.error("ERR Syntax error in HELLO option '" + string(x.args[i]) + "'")
			return
		}
	}
	c.proto, c.name = proto, name
	x.mapping(7)
	x.text("server")
	x.text("redis")
	x.text("version")
	x.text(redisVersion)
	x.text("proto")
	x.int(int(proto))
	x.text("id")
	x.int(int(c.id))
	x.text("mode")
	x.text("standalone")
	x.text("role")
	x.text("master")
	x.text("modules")
	x.array(0)
}

// reset makes the connection as good as new.
func reset(x *call) {
	c := x.client
	c.unsubscribeAll()
	c.discard()
	c.db, c.name, c.proto, c.muted = 0, "", resp.RESP2, loud
	x.simple("RESET")
}
