package portable

// outLen is how many bytes of one connection Send has taken and the system
// has not, at most.
const outLen = 64 << 10

// sending is what stands between Send and the goroutine that writes. The
// conn's lock guards it.
type sending struct {
	buf     []byte // taken, not yet with the goroutine
	spare   []byte // the goroutine's last one, for reuse
	busy    int    // bytes that the goroutine is writing
	writing bool   // the goroutine exists
	wanted  bool   // somebody waits for room
	finish  bool   // end sending once all is written
	closing bool   // close once all is written
	err     error
}

func (o *sending) room() int { return outLen - len(o.buf) - o.busy }

// tell reports whether to post because somebody waits for room and there is
// some. Who waits stays on record until there is.
func (o *sending) tell() bool {
	if !o.wanted || o.room() <= 0 {
		return false
	}
	o.wanted = false
	return true
}

// give takes bytes from vec, or from buf if that is empty. If there is no room
// it reports false, and will post the bridge when there is some.
func (c *conn) give(buf []byte, vec [][]byte) (n int, done bool, err error) {
	one := [1][]byte{buf}
	if len(vec) == 0 {
		vec = one[:]
	}
	want := 0
	for _, b := range vec {
		want += len(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	if o.err != nil {
		return 0, true, o.err
	}
	room := o.room()
	if room <= 0 && want > 0 {
		o.wanted = true
		return 0, false, nil
	}
	for _, b := range vec {
		b = b[:min(len(b), room-n)]
		o.buf = append(o.buf, b...)
		n += len(b)
	}
	if n > 0 && !o.writing {
		o.writing = true
		c.d.spawn(c.writeAll)
	}
	return n, true, nil
}

// end ends sending once all is written.
func (c *conn) end() error {
	c.shut = true
	c.mu.Lock()
	c.out.finish = true
	writing := c.out.writing
	c.mu.Unlock()
	if writing {
		return nil
	}
	return c.closeWrite()
}

func (c *conn) closeWrite() error {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// writeAll runs on a goroutine, until nothing is left to write.
func (c *conn) writeAll() {
	o := &c.out
	var err error
	for {
		c.mu.Lock()
		o.busy = 0
		if err != nil {
			o.err, o.buf = err, nil
		}
		if len(o.buf) == 0 {
			// All that Send will take from here on finds no goroutine and
			// starts another; so this one must not touch the rest again.
			o.writing = false
			finish, closing := o.finish, o.closing
			o.spare, o.buf = nil, nil // at rest it costs nothing
			tell := o.tell()
			c.mu.Unlock()
			if closing {
				c.nc.Close()
			} else if finish {
				c.closeWrite()
			}
			if tell {
				c.d.post(&c.bridge)
			}
			return
		}
		b := o.buf
		o.buf, o.spare = o.spare[:0], nil
		o.busy = len(b)
		tell := o.tell()
		c.mu.Unlock()
		if tell {
			c.d.post(&c.bridge)
		}
		_, err = c.nc.Write(b)
		c.mu.Lock()
		o.spare = b
		c.mu.Unlock()
	}
}
