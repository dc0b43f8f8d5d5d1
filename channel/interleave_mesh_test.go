//go:build interleave

package channel

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of a mesh: two executors, as small as can be, whose loops are threads
// of the model and sleep when there is nothing to run. A wake that the mesh
// forgets leaves both asleep.

// A land is such an executor.
type land struct {
	loop  *rouse.Loop
	home  *rouse.Home
	queue []rouse.Runnable
	bed   interleave.Parker
}

func newLand() *land {
	l := new(land)
	l.loop = rouse.NewLoop(l.bed.Unpark, nil)
	l.home = l.loop.NewHome("", func(r rouse.Runnable) { l.queue = append(l.queue, r) })
	return l
}

func (l *land) Home() *rouse.Home                    { return l.home }
func (l *land) Now() int64                           { return 0 }
func (l *land) Rand() uint64                         { return 0 }
func (l *land) Inject(fn func(*rouse.Context)) error { return l.loop.Inject(fn) }

// run runs f and whatever else is there until f has its result, and closes.
func (l *land) run(w *interleave.World, f rouse.Future[struct{}]) {
	w.Begin(l.loop.Enter)
	cx := rouse.NewExecutorContext(l, l.loop)
	done := false
	r, j := rouse.NewLocalTask[struct{}](rouse.FutureFunc[struct{}](func(cx *rouse.Context) (struct{}, error) {
		v, err := f.Poll(cx)
		done = err != rouse.Pending
		return v, err
	}), l.home)
	j.Detach()
	r.Schedule()
	for {
		l.loop.Deliver(cx)
		queue := l.queue
		l.queue = nil
		for _, r := range queue {
			r.Run(cx)
		}
		if done {
			break
		}
		if len(l.queue) == 0 {
			l.bed.Park()
		}
	}
	l.loop.Close(cx) // the port closes with it
	l.loop.Leave()
}

func TestModelMesh(t *testing.T) {
	for _, m := range []struct {
		name     string
		capacity int
		send     int // messages; then the sender's executor ends
		take     int // the receiver takes so many, then its executor ends
		bound    int
	}{
		{"send-recv", 1, 1, 2, 3},
		{"send-many-recv", 2, 4, 5, 2},
		{"lockstep", 1, 3, 4, 2},
		{"receiver-leaves", 1, 3, 1, 2},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := interleave.Config{Model: "channel/mesh/" + m.name, Preemptions: m.bound, Random: 2000, Seed: 1}
			interleave.Check(t, c, func(w *interleave.World) {
				from, to := newLand(), newLand()
				mesh := NewMesh[int](m.capacity, Peer{from, Sends}, Peer{to, Receives})
				sent, taken := 0, 0
				out, in := mesh.Port(0), mesh.Port(1)
				w.Go("sender", func() {
					from.run(w, rouse.FutureFunc[struct{}](func(cx *rouse.Context) (none struct{}, err error) {
						for sent < m.send && err == nil {
							if err = out.PollSend(cx, 1, sent+1); err == nil {
								sent++
							}
						}
						return none, err
					}))
				})
				ended := false
				w.Go("receiver", func() {
					to.run(w, rouse.FutureFunc[struct{}](func(cx *rouse.Context) (none struct{}, err error) {
						for taken < m.take && err == nil {
							var v int
							if v, _, err = in.PollRecv(cx); err == nil {
								if taken++; v != taken {
									w.Failf("message %d is %d", taken, v)
								}
							}
						}
						ended = err == ErrClosed
						return none, err
					}))
				})
				w.Finally(func() {
					if m.take > m.send && (taken != m.send || sent != m.send || !ended) {
						w.Failf("%d sent, %d received, the end was seen: %v", sent, taken, ended)
					}
					if m.take <= m.send && taken != m.take {
						w.Failf("%d received", taken)
					}
				})
			})
		})
	}
}
