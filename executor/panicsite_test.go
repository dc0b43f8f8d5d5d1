package executor_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// Every way to spawn records the line of its call.
func TestPanicErrorNamesTheSpawnSite(t *testing.T) {
	l, _ := onDefault(t, func(c *executor.Config) { c.Name = "sites" })
	q := l.NewQueue("queue")
	ctx := l.Context(context.Background())
	boom := func(context.Context) (int, error) { panic("x") }
	var detached *rouse.PanicError
	named := executor.Named("somebody")

	type spawned struct {
		name string
		line int
		j    rouse.JoinHandle[int]
	}
	var list []spawned
	add := func(name string, line int, j rouse.JoinHandle[int]) { list = append(list, spawned{name, line, j}) }

	add("main", here(), executor.Spawn(l, fut[int](panicking(1))))
	add("somebody", here(), executor.Spawn(l, fut[int](panicking(1)), named))
	add("queue", here(), executor.SpawnInto(q, fut[int](panicking(1))))
	add("somebody", here(), executor.SpawnInto(q, fut[int](panicking(1)), named))
	add("main", here(), executor.SpawnValue[int](l, valuePanic{}))
	add("main", here(), executor.SpawnFiber(ctx, l, boom))
	add("somebody", here(), executor.SpawnFiber(ctx, l, boom, named))
	add("main", here(), fiber.Go(ctx, boom))
	add("somebody", here(), fiber.Go(ctx, boom, named))
	elsewhere(t, func() { add("main", here(), executor.Spawn(l, fut[int](panicking(1)))) })
	for i, s := range list {
		_, err := joined(l, s.j)
		p := asPanic(t, err)
		if !strings.HasSuffix(p.Site, fmt.Sprintf("panicsite_test.go:%d", s.line)) || p.Name != s.name {
			t.Errorf("case %d: %q spawned at %s, want %q at panicsite_test.go:%d", i, p.Name, p.Site, s.name, s.line)
		}
	}

	line := here() + 1
	_, err := executor.RunUntil(l, fut[int](panicking(1)))
	if p := asPanic(t, err); !strings.HasSuffix(p.Site, fmt.Sprintf("panicsite_test.go:%d", line)) {
		t.Errorf("RunUntil: %s, want line %d", p.Site, line)
	}

	d, _ := worlds()[0].local(t, func(c *executor.Config) { c.OnPanic = func(p *rouse.PanicError) { detached = p } })
	line = here() + 1
	executor.SpawnDetached(d, fut[int](panicking(1)))
	idle(t, d)
	if !strings.HasSuffix(detached.Site, fmt.Sprintf("panicsite_test.go:%d", line)) {
		t.Errorf("SpawnDetached: %s, want line %d", detached.Site, line)
	}

	for name, run := range map[string]func() int{
		"Run":     func() int { executor.Run(func(context.Context) error { panic(1) }); return 0 },
		"RunWith": func() int { executor.RunWith(executor.Config{}, func(context.Context) error { panic(1) }); return 0 },
	} {
		_, _, line, _ := runtime.Caller(0)
		line -= map[string]int{"Run": 3, "RunWith": 2}[name]
		func() {
			defer func() {
				p, _ := recover().(*rouse.PanicError)
				if p == nil || !strings.HasSuffix(p.Site, fmt.Sprintf("panicsite_test.go:%d", line)) || p.Name != "main" {
					t.Errorf("%s: %+v, want line %d", name, p, line)
				}
			}()
			run()
		}()
	}
}

// here returns the line that calls it.
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

type valuePanic struct{}

func (*valuePanic) Poll(*rouse.Context) (int, error) { panic("by value") }
