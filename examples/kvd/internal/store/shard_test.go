package store

import (
	"fmt"
	"testing"
)

func TestShardIsEven(t *testing.T) {
	const keys = 100_000
	for _, n := range []int{1, 2, 3, 8, 64} {
		counts := make([]int, n)
		for i := range keys {
			counts[Shard(fmt.Appendf(nil, "key:%012d", i), n)]++
		}
		for i, c := range counts {
			if even := keys / n; c < even*9/10 || c > even*11/10 {
				t.Errorf("shard %d of %d has %d of %d keys", i, n, c, keys)
			}
		}
	}
}

func TestShardTags(t *testing.T) {
	same := func(a, b string, want bool) {
		t.Helper()
		if got := Shard([]byte(a), 1<<20) == Shard([]byte(b), 1<<20); got != want {
			t.Errorf("%q and %q together: %v", a, b, got)
		}
	}
	same("{user7}:name", "{user7}:mail", true)
	same("{user7}:name", "user7", true)
	same("a{user7}{b}", "user7", true)
	same("{}a", "{}b", false) // nothing in the braces: the whole key
	same("{a", "{b", false)
	same("}{a}", "a", true)
}
