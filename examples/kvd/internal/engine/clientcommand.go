package engine

// mute says what CLIENT REPLY made of a client's replies.
type mute uint8

const (
	loud   mute = iota
	off         // until CLIENT REPLY ON
	skip        // until the end of this command: CLIENT REPLY SKIP itself
	skipOn      // until the end of the next one
)

// mute takes back the reply that starts at mark, if the client wants none. Pushes
// stay, which are no replies.
func (x *call) mute(mark int) {
	c := x.client
	x.out = append(x.out[:mark], x.pushes...)
	x.pushes = nil
	switch c.muted {
	case skip:
		c.muted = skipOn
	case skipOn:
		c.muted = loud
	}
}

func clientReply(x *call) {
	c := x.client
	switch {
	case x.is(2, "ON"):
		c.muted = loud
		x.ok()
	case x.is(2, "OFF"):
		c.muted = off
	case x.is(2, "SKIP"):
		if c.muted != off {
			c.muted = skip
		}
	default:
		x.error(errSyntax)
	}
}

func clientID(x *call) { x.int(int(x.client.id)) }

func clientGetName(x *call) {
	if x.client.name == "" {
		x.null()
	} else {
		x.text(x.client.name)
	}
}

func clientSetName(x *call) {
	if x.validName(x.args[2]) {
		x.client.name = string(x.args[2])
		x.ok()
	}
}

// validName reports whether name would not confuse CLIENT LIST, and replies the
// error otherwise.
func (x *call) validName(name []byte) bool {
	if !printable(name) {
		x.error("ERR Client names cannot contain spaces, newlines or special characters.")
		return false
	}
	return true
}

func printable(s []byte) bool {
	for _, c := range s {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// clientSetInfo is of Redis 7.2, and called by its clients unasked.
func clientSetInfo(x *call) {
	c, value := x.client, x.args[3]
	var to *string
	switch {
	case x.is(2, "LIB-NAME"):
		to = &c.libName
	case x.is(2, "LIB-VER"):
		to = &c.libVersion
	default:
		x.error("ERR Unrecognized option '" + string(x.args[2]) + "'")
		return
	}
	if !printable(value) {
		x.error("ERR " + string(x.args[2]) + " cannot contain spaces, newlines or special characters.")
		return
	}
	*to = string(value)
	x.ok()
}

// clientNoEvict has nothing to do, as no client is ever evicted for memory.
func clientNoEvict(x *call) {
	if x.is(2, "ON") || x.is(2, "OFF") {
		x.ok()
	} else {
		x.error(errSyntax)
	}
}
