package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

// chooseBody returns a step in direct style, or nil: then the fiber awaits one
// in poll form.
func (s *script) chooseBody() func(context.Context) error {
	n := 5
	if s.w.r.plan.real {
		n = 6
	}
	switch s.rng.IntN(n) {
	case 0:
		return s.sendBody
	case 1:
		return s.recvBody
	case 2:
		return s.echoBody
	case 5:
		return s.fileBody
	}
	return nil
}

// hurry ends ctx after a while.
func (s *script) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	return timer.WithTimeout(ctx, s.duration())
}

func (s *script) sendBody(ctx context.Context) error {
	n, ok := s.element()
	if !ok {
		return nil
	}
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	send := s.on.bounded.Send
	if s.rng.IntN(2) == 0 {
		send = s.w.r.mpmc.Send
	}
	err := send(ctx, n)
	if err == nil {
		s.w.tally.Sent++
		s.w.r.book.sent(n)
	}
	return err
}

func (s *script) recvBody(ctx context.Context) error {
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	recv := s.on.bounded.Recv
	if s.rng.IntN(2) == 0 {
		recv = s.w.r.mpmc.Recv
	}
	n, err := recv(ctx)
	if err == nil {
		s.w.tally.Received++
		s.w.r.book.got(n)
	}
	return err
}

// echoBody is echoClient in direct style.
func (s *script) echoBody(ctx context.Context) (err error) {
	if s.rng.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = s.hurry(ctx)
		defer cancel()
	}
	defer func() {
		if err != nil && s.w.r.ending.Load() {
			err = ctx.Err()
		}
	}()
	conn, err := netio.Dial(ctx, "tcp", s.w.r.sites[s.rng.IntN(len(s.w.r.sites))].addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	s.w.tally.Conns++
	return s.talk(ctx, conn)
}

func (s *script) talk(ctx context.Context, conn *netio.Conn) error {
	for range 1 + s.rng.IntN(3) {
		sent := randomBytes(s.rng, 1+s.rng.IntN(chunk))
		if _, err := conn.Write(ctx, sent); err != nil {
			return err
		}
		back := make([]byte, len(sent))
		for n := 0; n < len(back); {
			k, err := conn.Read(ctx, back[n:])
			if err != nil {
				return err
			}
			n += k
		}
		if !bytes.Equal(back, sent) {
			return fmt.Errorf("%d bytes came back and are not those that were sent", len(back))
		}
		s.w.tally.Bytes += len(sent)
	}
	return nil
}

// fileBody writes a file, reads it, and removes it.
func (s *script) fileBody(ctx context.Context) (err error) {
	path := filepath.Join(s.w.r.dir, fmt.Sprintf("%d-%d", s.w.id, s.left))
	defer os.Remove(path) // also if the fiber is cancelled
	if s.rng.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = s.hurry(ctx)
		defer cancel()
	}
	f, err := fileio.OpenFile(ctx, path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	s.w.tally.Files++
	off := s.rng.Int64N(1 << 16)
	written := randomBytes(s.rng, 1+s.rng.IntN(1<<15))
	if _, err := f.WriteAt(ctx, written, off); err != nil {
		return err
	}
	if s.rng.IntN(4) == 0 {
		if err := f.Datasync(ctx); err != nil {
			return err
		}
	}
	back := make([]byte, len(written)+1)
	n, err := f.ReadAt(ctx, back, off)
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(back[:n], written) {
		return errors.New("a file has not what was written to it")
	}
	s.w.tally.Bytes += n
	return nil
}

// visit is what a plain goroutine does in the round: the ctx forms, from
// elsewhere.
func (s *script) visit(ctx context.Context) {
	for ; s.left > 0 && ctx.Err() == nil; s.left-- {
		on := s.w.r.sites[s.rng.IntN(len(s.w.r.sites))]
		s.on = on
		home := on.ex.Context(ctx)
		var err error
		switch s.rng.IntN(5) {
		case 0:
			err = s.sendBody(home)
		case 1:
			err = s.recvBody(home)
		case 2:
			err = s.echoBody(home)
		case 3:
			err = s.fileBody(home)
		case 4:
			j, w := s.spawn()
			if w == nil {
				continue
			}
			v, joinErr := j.Join(home)
			if ctx.Err() == nil {
				s.joined(w, v, joinErr, false)
			}
		}
		if errors.Is(err, rouse.ErrCanceled) && s.w.r.ending.Load() || ctx.Err() != nil {
			continue
		}
		s.judge(err)
	}
}
