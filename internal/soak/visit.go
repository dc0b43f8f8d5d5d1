package main

import (
	"context"
	"errors"

	"github.com/rouse-go/rouse"
)

// visit is what a plain goroutine does in the round: the ctx forms, from
// elsewhere.
func (s *script) visit(ctx context.Context) {
	menu := s.w.r.menu.abroad
	for ; len(menu) > 0 && s.left > 0 && ctx.Err() == nil; s.left-- {
		s.on = one(s.rng, s.w.r.sites)
		err := one(s.rng, menu)(s, s.on.ex.Context(ctx))
		if errors.Is(err, rouse.ErrCanceled) && s.w.r.ending.Load() || ctx.Err() != nil {
			continue
		}
		s.judge(err)
	}
}
