package clienttest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A directory opens with whatever number of cores: what was written with one is
// there with two, and back, after a kill and after an end in order.
func TestCoresChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const each = 200
	for life, cores := range []string{"1", "2", "3", "2", "1", "1"} {
		k := start(t, drivers[life%len(drivers)], "-data", dir, "-cores", cores)
		k.expectLog("the data is divided anew")
		k.expectLog("executors share")
		rdb := k.client(3)
		want(t, rdb.DBSize(ctx), int64(life*(each+1)))
		pipelined(t, rdb, func(p redis.Pipeliner) {
			for i := range each {
				p.Set(ctx, fmt.Sprintf("%d:%d", life, i), i, time.Hour)
			}
		})
		want(t, rdb.RPush(ctx, fmt.Sprint("list", life), "a", "b"), int64(2))
		for before := range life {
			want(t, rdb.Get(ctx, fmt.Sprintf("%d:%d", before, each-1)), fmt.Sprint(each-1))
			want(t, rdb.LRange(ctx, fmt.Sprint("list", before), 0, -1), []string{"a", "b"})
		}
		if life%2 == 0 {
			k.kill()
		} else {
			k.stop()
		}
	}
}
