package executor

import "github.com/rouse-go/rouse"

// registry remembers the tasks that live, so that the end of the executor can
// cancel them. A task that ends tells nobody: it is forgotten when the list is
// swept, and that happens each time as many tasks were added as lived at the last
// time, so it costs each task a look or two. The list keeps the memory of at most
// as many ended tasks, or of registryLeast.
type registry struct {
	tasks []rouse.AbortHandle
	limit int
}

const registryLeast = 256

func (g *registry) add(a rouse.AbortHandle) {
	if len(g.tasks) >= g.limit {
		g.sweep()
	}
	g.tasks = append(g.tasks, a)
}

func (g *registry) sweep() {
	keep := g.tasks[:0]
	for _, a := range g.tasks {
		if !a.IsFinished() {
			keep = append(keep, a)
		}
	}
	clear(g.tasks[len(keep):])
	g.tasks = keep
	g.limit = max(registryLeast, 2*len(keep))
}

// abort cancels all tasks, and reports whether they have ended.
func (g *registry) abort() (over bool) {
	for _, a := range g.tasks {
		a.Abort()
	}
	g.sweep()
	return len(g.tasks) == 0
}
