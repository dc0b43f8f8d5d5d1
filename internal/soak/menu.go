package main

import (
	"context"
	"math/rand/v2"

	"github.com/rouse-go/rouse"
)

// A feature is a kind of step, in the forms that it has.
type feature struct {
	task   func(*script) rouse.Future[int]      // in a task or a fiber of a Local
	moving func(*script) rouse.Future[int]      // in a task of the Shared
	direct func(*script, context.Context) error // in a fiber, in direct style
	abroad bool                                 // direct is for plain goroutines, too
	real   bool                                 // it needs more than the manual driver has
}

// features are all that a program may do. The first belongs to every program.
var features = []feature{
	{task: (*script).yield, moving: (*script).yield},
	{task: (*script).sleep},
	{task: (*script).sendBounded, direct: (*script).sendBoundedBody, abroad: true},
	{task: (*script).recvBounded, direct: (*script).recvBoundedBody, abroad: true},
	{task: (*script).sendMPMC, moving: (*script).sendMPMC, direct: (*script).sendMPMCBody, abroad: true},
	{task: (*script).recvMPMC, moving: (*script).recvMPMC, direct: (*script).recvMPMCBody, abroad: true},
	{task: (*script).sendMesh, direct: (*script).sendMeshBody},
	{task: (*script).recvMesh, direct: (*script).recvMeshBody},
	{task: (*script).errand, moving: (*script).errand, direct: (*script).errandBody, abroad: true},
	{task: (*script).hangUp, moving: (*script).hangUp},
	{task: (*script).join, moving: (*script).join, direct: (*script).joinBody, abroad: true},
	{task: (*script).abort, moving: (*script).abort},
	{task: (*script).echo, direct: (*script).echoBody, abroad: true},
	{task: (*script).datagrams, direct: (*script).datagramsBody, abroad: true},
	{direct: (*script).fileBody, abroad: true, real: true},
	{task: (*script).foreign, moving: (*script).foreign, real: true},
	{task: (*script).blocking, moving: (*script).blocking, direct: (*script).blockingBody, abroad: true, real: true},
	{task: (*script).panicking, real: true},
}

// A menu is what the steps of one program are chosen from. Each program leaves
// out some features at random, so that others come together more often than they
// would if there were always a bit of everything: swarm testing (Groce and
// others, ISSTA 2012).
type menu struct {
	task   []func(*script) rouse.Future[int]
	moving []func(*script) rouse.Future[int]
	direct []func(*script, context.Context) error
	abroad []func(*script, context.Context) error
}

func newMenu(rng *rand.Rand, real bool) *menu {
	m := new(menu)
	for i, f := range features {
		if leaveOut := rng.IntN(4) == 0; leaveOut && i > 0 || f.real && !real {
			continue
		}
		if f.task != nil {
			m.task = append(m.task, f.task)
		}
		if f.moving != nil {
			m.moving = append(m.moving, f.moving)
		}
		if f.direct != nil {
			m.direct = append(m.direct, f.direct)
			if f.abroad {
				m.abroad = append(m.abroad, f.direct)
			}
		}
	}
	return m
}

// one chooses.
func one[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// choose returns the next step, in poll form.
func (s *script) choose() rouse.Future[int] {
	if s.on == nil {
		return one(s.rng, s.w.r.menu.moving)(s)
	}
	return one(s.rng, s.w.r.menu.task)(s)
}

// chooseBody returns a step in direct style, or nil: then the fiber awaits one
// in poll form.
func (s *script) chooseBody() func(*script, context.Context) error {
	if list := s.w.r.menu.direct; len(list) > 0 && s.rng.IntN(2) == 0 {
		return one(s.rng, list)
	}
	return nil
}
