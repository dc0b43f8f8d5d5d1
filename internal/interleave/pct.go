package interleave

// pct explores at random, with odds that are known: each thread has a priority,
// the highest that can goes on, and at depth-1 random moments whoever runs is
// put below all others. A store buffer is a thread like the others. If n threads do k steps, a bug that needs depth ordered
// events is found in one execution with a chance of at least 1/(n·k^(depth-1)).
// Source: S. Burckhardt, P. Kothari, M. Musuvathi and S. Nagarakatte, A
// Randomized Scheduler with Probabilistic Guarantees of Finding Bugs (ASPLOS
// 2010).
type pct struct {
	seed  uint64
	depth int
	times int

	state    uint64
	longest  int // execution so far: the estimate of k
	priority [maxAgents]int
	moments  [8]int
	lowest   int
}

// maxDepth is what moments has room for.
const maxDepth = 9

func (p *pct) begin(e *engine) {
	p.state = mix(p.seed, uint64(p.times))
	n := len(e.threads)
	for i := range n {
		p.priority[i] = i + 1
	}
	for i := n - 1; i > 0; i-- {
		k := p.random(i + 1)
		p.priority[i], p.priority[k] = p.priority[k], p.priority[i]
	}
	for i := range p.depth - 1 {
		p.moments[i] = p.random(max(1, p.longest))
	}
	p.lowest = 0
}

//go:norace
func (p *pct) pick(e *engine, enabled mask) (id, frame int) {
	at := len(e.steps)
	for i := range p.depth - 1 {
		if p.moments[i] == at && at > 0 {
			p.lowest--
			p.priority[e.steps[at-1].thread] = p.lowest
		}
	}
	id = -1
	for q := range e.threads {
		if enabled&bit(q) != 0 && (id < 0 || p.priority[q] > p.priority[id]) {
			id = q
		}
	}
	return id, -1
}

//go:norace
func (p *pct) choose(_ *engine, n int) int { return p.random(n) }

func (p *pct) backtrack(e *engine) bool {
	p.longest = max(p.longest, len(e.steps))
	p.times++
	return true
}

//go:norace
func (p *pct) random(n int) int {
	p.state++
	return int(mix(p.state, p.seed) >> 1 % uint64(n))
}
