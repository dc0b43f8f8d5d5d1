package clienttest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// SCAN returns what is there all the time at least once, also while the table
// grows and shrinks.
func TestScanUnderChange(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		const n = 2000
		missing := map[string]bool{}
		fill(t, ctx, rdb, "stays", n)
		for i := range n {
			missing["stays"+strconv.Itoa(i)] = true
		}
		var cursor uint64
		for round := 0; ; round++ {
			keys, next, err := rdb.Scan(ctx, cursor, "*", 20).Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				delete(missing, k)
			}
			if cursor = next; cursor == 0 {
				break
			}
			if round > 10*n {
				t.Fatal("SCAN does not end")
			}
			switch round % 20 { // the table grows, and then shrinks
			case 5:
				fill(t, ctx, rdb, fmt.Sprint("passes", round, "-"), 300)
			case 15:
				pipelined(t, rdb, func(p redis.Pipeliner) {
					for i := range 300 {
						p.Del(ctx, fmt.Sprint("passes", round-10, "-", i))
					}
				})
			}
		}
		if len(missing) > 0 {
			t.Errorf("SCAN missed %d of %d keys", len(missing), n)
		}
	})
}

func TestScanFilters(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		fill(t, ctx, rdb, "s", 100)
		wantOK(t, rdb.RPush(ctx, "l1", "x"))
		wantOK(t, rdb.HSet(ctx, "h", "f1", "1", "f2", "2", "g", "3"))
		wantOK(t, rdb.SAdd(ctx, "set", "m1", "m2", "n"))
		count := func(it *redis.ScanIterator) (n int) {
			seen := map[string]bool{}
			for it.Next(ctx) {
				seen[it.Val()] = true
			}
			if err := it.Err(); err != nil {
				t.Error(err)
			}
			return len(seen)
		}
		for what, got := range map[string][2]int{
			"s1*":  {count(rdb.Scan(ctx, 0, "s1*", 7).Iterator()), 11},
			"list": {count(rdb.ScanType(ctx, 0, "", 7, "list").Iterator()), 1},
			"set":  {count(rdb.SScan(ctx, "set", 0, "m*", 1).Iterator()), 2},
		} {
			if got[0] != got[1] {
				t.Errorf("SCAN of %s finds %d, want %d", what, got[0], got[1])
			}
		}
		pairs := map[string]string{}
		fields, _, err := rdb.HScan(ctx, "h", 0, "f*", 100).Result()
		for i := 0; i+1 < len(fields); i += 2 {
			pairs[fields[i]] = fields[i+1]
		}
		if err != nil || !maps.Equal(pairs, map[string]string{"f1": "1", "f2": "2"}) {
			t.Error(fields, err)
		}
		wantError(t, rdb.Do(ctx, "scan", "x"), "ERR invalid cursor")
	})
}

func fill(t testing.TB, ctx context.Context, rdb *redis.Client, prefix string, n int) {
	t.Helper()
	pipelined(t, rdb, func(p redis.Pipeliner) {
		for i := range n {
			p.Set(ctx, prefix+strconv.Itoa(i), "v", 0)
		}
	})
}

func pipelined(t testing.TB, rdb *redis.Client, fn func(redis.Pipeliner)) []redis.Cmder {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error { fn(p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return cmds
}

// infoField finds a line of INFO or a field of CLIENT LIST.
func infoField(text, name string) string {
	for f := range strings.FieldsSeq(text) {
		if v, ok := strings.CutPrefix(f, name+":"); ok {
			return v
		}
		if v, ok := strings.CutPrefix(f, name+"="); ok {
			return v
		}
	}
	return ""
}
