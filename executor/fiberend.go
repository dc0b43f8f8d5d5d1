package executor

import (
	"container/list"
	"context"

	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/internal/atomics"
)

// AfterFunc makes a fiber's ctx an [alarm.Ender]: f is called when it ends, by
// whoever ends it; in a goroutine if it has ended. stop takes that back and
// reports whether it was in time. Package context would call f on a goroutine
// of its own: a wake from there comes at any moment, and puts tasks in an order
// that is chance where everything else is not.
func (c *fiberCtx) AfterFunc(f func()) (stop func() bool) {
	c.Done() // makes inner
	if stop = c.inner.p.Load().followers.add(f, c.parent); stop != nil {
		return stop
	}
	go f() // the caller may hold a lock that f takes
	return func() bool { return false }
}

// followers are those who are told of the end of a ctx, once, in the order in
// which they came. Everybody may use them, so they have a lock, which is never
// held while others' code is called.
type followers struct {
	mu       atomics.Mutex
	list     *list.List // of func(); nil before the first, and after the end
	ended    bool
	unfollow func() bool // the end of the parent
}

// add has f called at the end; the first also follows the end of parent. It
// returns nil if the end has been told.
func (fs *followers) add(f func(), parent context.Context) (stop func() bool) {
	fs.mu.Lock()
	if fs.ended {
		fs.mu.Unlock()
		return nil
	}
	first := fs.list == nil
	if first {
		fs.list = list.New()
	}
	e := fs.list.PushBack(f)
	fs.mu.Unlock()
	if first && parent.Done() != nil {
		fs.follow(parent)
	}
	return func() bool {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		if fs.ended {
			return false
		}
		before := fs.list.Len()
		fs.list.Remove(e) // nothing if it was removed
		return fs.list.Len() < before
	}
}

func (fs *followers) follow(parent context.Context) {
	unfollow := alarm.AfterEnd(parent, fs.tell)
	fs.mu.Lock()
	ended := fs.ended
	if !ended {
		fs.unfollow = unfollow
	}
	fs.mu.Unlock()
	if ended {
		unfollow()
	}
}

// tell is the end.
func (fs *followers) tell() {
	fs.mu.Lock()
	all, unfollow := fs.list, fs.unfollow
	fs.list, fs.unfollow, fs.ended = nil, nil, true
	fs.mu.Unlock()
	if unfollow != nil {
		unfollow()
	}
	if all != nil {
		for e := all.Front(); e != nil; e = e.Next() {
			e.Value.(func())()
		}
	}
}
