//go:build interleave

package filepool

import (
	"errors"
	"os"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/interleave"
)

// noTable is for models in which nothing is opened.
type noTable struct{}

func (noTable) AddFile(*File) driver.Handle { panic("unused") }
func (noTable) DropFile(driver.Handle)      { panic("unused") }

// opened returns an open file.
func opened() *File {
	f, err := open(&request{path: os.DevNull})
	if err != nil {
		panic(err)
	}
	return f
}

// tally counts what an op's waker is told.
type tally struct{ wakes int }

func (t *tally) WakeByRef() { t.wakes++ }

// Cancellations meet workers who take up, or have done, the same calls: each op
// ends once, with one or the other result, and the loop, asleep, hears of it.
func TestModelCancel(t *testing.T) {
	for _, m := range []struct {
		name    string
		workers int
		cancel  []int
	}{{"submit-submit-cancel", 2, []int{0}}, {"submit-submit-cancel-cancel", 1, []int{1, 0}}} {
		results := make(map[string]int)
		gone := opened()
		gone.Close()
		c := interleave.Config{Model: "filepool/" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			var bed interleave.Parker
			p := New(m.workers, noTable{}, bed.Unpark)
			p.workers = m.workers // they are threads of the model
			var work [2]interleave.Parker
			var line interleave.Clock // whoever uses the channel comes at some time
			var ops [2]driver.Op
			var told [2]tally
			w.Go("loop", func() {
				for i := range ops {
					op := &ops[i]
					op.Code, op.Buf = driver.ReadAt, make([]byte, 1)
					line.Tick()
					if p.Submit(op, gone) { // reading from a closed file fails at once, in the worker
						w.Failf("it is done at once")
					}
					op.Poll(rouse.NewContext(rouse.NewWaker(&told[i])), nil) // leaves the waker
					work[i%m.workers].Unpark()
				}
				for _, i := range m.cancel {
					if ops[i].InFlight() {
						p.Cancel(&ops[i])
					}
				}
				for p.InFlight() > 0 {
					if p.Reap() == 0 {
						bed.Park()
					}
				}
			})
			for i := range m.workers {
				w.Go("worker", func() {
					for done := 0; done < len(ops)/m.workers; {
						work[i].Park()
						for line.Tick(); len(p.work) > 0 && done < len(ops)/m.workers; line.Tick() {
							p.do(<-p.work)
							done++
						}
					}
				})
			}
			w.Finally(func() {
				text := ""
				for i := range ops {
					switch err := ops[i].Err; {
					case !ops[i].Done() || told[i].wakes != 1:
						w.Failf("op %d: done %v, woken %d times", i, ops[i].Done(), told[i].wakes)
					case err == driver.ErrClosed:
						text += "r"
					case err == driver.ErrCanceled:
						text += "c"
					default:
						w.Failf("op %d: %v", i, err)
					}
				}
				results[text]++
			})
		})
		if len(results) < 2 {
			t.Errorf("%s: the only outcome is %v", m.name, results)
		}
	}
}

// A worker that is late, after Close has given up waiting: the file that it
// opened is closed, once, by whoever comes second.
func TestModelAbandon(t *testing.T) {
	c := interleave.Config{Model: "filepool/push-push-abandon"}
	interleave.Check(t, c, func(w *interleave.World) {
		var s stack
		var files [2]*File
		for i := range files {
			f := opened()
			files[i] = f
			w.Go("worker", func() { s.push(&job{opened: f}) })
		}
		w.Go("loop", func() { s.abandon() })
		w.Finally(func() {
			for _, f := range files {
				if err := f.Close(); !errors.Is(err, os.ErrClosed) {
					w.Failf("nobody has closed the file")
				}
			}
		})
	})
}
