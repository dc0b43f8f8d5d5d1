package clienttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
			for _, c := range crowd { // each makes room for another one
				c.ask("PING\r\n", "+PONG\r\n")
				c.Close()
			}
			first.ask("PING\r\n", "+PONG\r\n")
		})
	}
}
