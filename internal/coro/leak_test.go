package coro

import (
	"os"
	"testing"

	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

// closed closes p and returns how many coroutines had to be abandoned: their
// goroutines stay.
func closed(p *Pool) int {
	n := p.Close()
	leakcheck.Forgive("goroutines", n)
	return n
}
