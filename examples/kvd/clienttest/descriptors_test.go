package clienttest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Out of descriptors, kvd serves those that it has, does not spin, and takes the
// others when it can.
func TestOutOfDescriptors(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("skipped: needs /bin/sh to limit kvd's descriptors")
	}
	for _, d := range setups {
		t.Run(d, func(t *testing.T) {
			path, err := testedKvd()
			if err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(t.TempDir(), "limited")
			text := fmt.Sprintf("#!/bin/sh\nulimit -n 40\nexec '%s' \"$@\"\n", path)
			if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
			k := startBinary(t, func() (string, error) { return script, nil }, d)
			k.expectLog("WARN kvd: can't accept; trying again")
			first := k.dial()
			first.ask("PING\r\n", "+PONG\r\n")
			var crowd []*raw
			for range 60 {
				crowd = append(crowd, k.dial())
			}
			eventually(t, "kvd notices", func() bool {
				k.logs.mu.Lock()
				defer k.logs.mu.Unlock()
				return strings.Contains(k.logs.text.String(), "can't accept")
			})
			first.ask("PING\r\n", "+PONG\r\n")
			// Each makes room for another one. With two cores nobody knows for which:
			// each has a listener, and both want the same descriptors.
			var served sync.WaitGroup
			for _, c := range crowd {
				c.send("PING\r\n")
				served.Go(func() {
					defer c.Close()
					got := make([]byte, len("+PONG\r\n"))
					if _, err := io.ReadFull(c, got); err != nil || string(got) != "+PONG\r\n" {
						t.Errorf("got %q, %v", got, err)
					}
				})
			}
			served.Wait()
			first.ask("PING\r\n", "+PONG\r\n")
		})
	}
}
