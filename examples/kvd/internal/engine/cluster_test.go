package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rouse-go/rouse/examples/kvd/internal/store"
)

// cluster is several Engines and nothing between them: parcels are carried by
// hand.
type cluster struct {
	engines []*Engine
	rng     *rand.Rand // in which order
}

func newCluster(n int, cfg Config) *cluster {
	c := &cluster{rng: rand.New(rand.NewPCG(1, 2))}
	for i := range n {
		cfg.Shards, cfg.Shard = n, i
		cfg.Forget = func(shard int, client uint64) { c.engines[shard].Forget(client) }
		c.engines = append(c.engines, New(cfg))
	}
	return c
}

// ask has a client's requests executed and returns the replies.
func (c *cluster) ask(t *testing.T, client *Client, in []byte) (out []byte) {
	t.Helper()
	b := &Batch{}
	for {
		n, more := client.Route(1000, in, b)
		in = in[n:]
		if replies, all := b.AtHome(); all {
			out = append(out, replies...)
		} else {
			for rounds := 0; ; rounds++ {
				if rounds > 10_000 {
					t.Fatal("Merge is never done")
				}
				parcels := slices.Collect(b.Parcels)
				c.rng.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
				for _, p := range parcels {
					c.engines[p.Shard].Serve(1000, p)
				}
				var done bool
				if out, done = b.Merge(1000, out); done {
					break
				}
			}
		}
		b.Reset()
		if !more {
			return out
		}
	}
}

func (c *cluster) do(t *testing.T, client *Client, args ...string) string {
	t.Helper()
	return string(c.ask(t, client, request(args...)))
}

// onShard is a key of a shard.
func onShard(shard, n int, name string) string {
	for i := 0; ; i++ {
		if key := fmt.Sprintf("%s%d", name, i); store.Shard([]byte(key), n) == shard {
			return key
		}
	}
}
