package durable

import (
	"cmp"
	"fmt"
	"log/slog"
)

// A Policy says when the log is synced, and so what an answer to a client means.
type Policy uint8

// The policies, from safe to fast.
const (
	// Always: before each answer. What was acknowledged survives a loss of
	// power.
	Always Policy = iota
	// EverySecond: in the background. What was acknowledged survives the end
	// of the process; a loss of power takes the last second, and what the sync
	// under way had not finished.
	EverySecond
	// Never: when the system thinks fit. What was acknowledged survives the
	// end of the process.
	Never
)

var policyNames = [...]string{Always: "always", EverySecond: "1s", Never: "no"}

// String returns the policy as the flag -fsync has it.
func (p Policy) String() string { return policyNames[p] }

// ParsePolicy is the opposite of String. It also takes everysec, as Redis says.
func ParsePolicy(s string) (Policy, error) {
	for p, name := range policyNames {
		if s == name {
			return Policy(p), nil
		}
	}
	if s == "everysec" {
		return EverySecond, nil
	}
	return 0, fmt.Errorf("there is no policy %q (give always, 1s or no)", s)
}

// A Config says how a Log shall be. Dir must be given; otherwise the zero value
// is a good one.
type Config struct {
	Dir   string
	Fsync Policy
	// Growth is by how many percent of the base the log grows before it is
	// rewritten. 0 means 100; below 0 it is rewritten only when asked for.
	Growth int
	// MinSize is how large base and log must be together for that, in bytes.
	// 0 means 64 MiB.
	MinSize int64
	Log     *slog.Logger // nil: slog.Default()
}

func (c Config) withDefaults() Config {
	c.Growth = cmp.Or(c.Growth, 100)
	c.MinSize = cmp.Or(c.MinSize, 64<<20)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}
