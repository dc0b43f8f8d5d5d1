//go:build !race && !rouse_nogid && !interleave

package fiber_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

// sleeps is how fibers may sleep that are to be small.
var sleeps = map[string]func(ctx context.Context) (int, error){
	"Await": func(ctx context.Context) (int, error) {
		_, err := rouse.Await[struct{}](ctx, timer.Sleep(time.Hour))
		return 0, err
	},
	"AwaitWithLocals": func(ctx context.Context) (int, error) {
		var own [128]byte // what a function that does something has
		fill(&own)
		_, err := rouse.Await[struct{}](ctx, timer.Sleep(time.Hour))
		return int(own[0]), err
	},
	"Recv": func(ctx context.Context) (int, error) {
		c := channel.NewBounded[int](1)
		c.Bind(executor.FromContext(ctx))
		return c.Recv(ctx)
	},
}

// sleepEnv names one of sleeps to the process that measures it.
const sleepEnv = "ROUSE_TEST_SLEEP"

// A stack begins with 2 KiB, and one that is too small for any call on the way to
// sleep becomes one of 4 KiB, for good. So what a sleeping fiber takes depends on
// the frames of everything below its function, and jumps. Each case has a process
// of its own, since the runtime gives a new goroutine what the others needed.
func TestASleepingFibersStackIsSmall(t *testing.T) {
	if runtime.GOARCH != "amd64" || testing.CoverMode() != "" {
		t.Skip("frames have other sizes here")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, set := range info.Settings {
			if set.Key == "-gcflags" {
				t.Skipf("frames have other sizes with -gcflags=%s", set.Value)
			}
		}
	}
	me, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	if name := os.Getenv(sleepEnv); name != "" {
		measureStack(t, name)
		return
	}
	for name := range sleeps {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			cmd := exec.CommandContext(ctx, me, "-test.run=^TestASleepingFibersStackIsSmall$", "-test.v")
			cmd.Env = append(os.Environ(), sleepEnv+"="+name)
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func measureStack(t *testing.T, name string) {
	const (
		fibers = 4000
		most   = 2048 + 2048/10 // a few grow, where the allocator had more to do below
	)
	err := executor.Run(func(ctx context.Context) error {
		hs := make([]rouse.JoinHandle[int], fibers)
		before := stacks()
		for i := range hs {
			hs[i] = fiber.Go(ctx, sleeps[name])
		}
		turn(t, ctx)
		each := int(stacks()-before) / fibers
		t.Logf("%s: %d bytes of stack", name, each)
		if each > most {
			t.Errorf("%s: a sleeping fiber has %d bytes of stack, and may have %d; look for a frame on its way that has become large", name, each, most)
		}
		for _, h := range hs {
			h.Abort()
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

//go:noinline
func fill(b *[128]byte) {
	for i := range b {
		b[i] = byte(i)
	}
}

// stacks returns the bytes of all stacks.
func stacks() uint64 {
	runtime.GC() // frees those of goroutines that have ended
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}
