package clienttest

import (
	"strings"
	"testing"
)

// What a connection at rest costs, after it has been busy.
func TestIdleConnectionsAreCheap(t *testing.T) {
	needProc(t)
	for _, d := range setups {
		t.Run(d, func(t *testing.T) {
			k := startPlain(t, d)
			const crowd = 400
			var before int
			for i := range 2 * crowd { // the first half warms up what grows once
				c := k.dial()
				c.ask(request("SET", "k", "v"), "+OK\r\n")
				if i == crowd {
					before, _ = k.memory()
				}
			}
			now, _ := k.memory()
			each := (now - before) / crowd
			t.Logf("%d bytes each", each)
			limit := 4 << 10
			if strings.HasPrefix(d, "portable") {
				limit = 24 << 10 // a goroutine and its buffer
			}
			if each > limit {
				t.Errorf("an idle connection takes %d bytes; want at most %d", each, limit)
			}
		})
	}
}
