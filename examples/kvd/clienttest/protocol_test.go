package clienttest

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// A request that breaks the protocol gets Redis's own words, and then the
// server hangs up; what was asked before is answered.
func TestProtocolErrors(t *testing.T) {
	const tooLong = 64<<10 + 1
	onEach(t, func(t *testing.T, k *kvd) {
		for _, test := range []struct{ in, want string }{
			{"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
			{"*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
			{"*2\r\n$3\r\nGET\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
			{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$99999999999999999999\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
			{"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
			{"*99999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
			{"*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"},
			{"GET \"k\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
			{strings.Repeat("a", tooLong), "-ERR Protocol error: too big inline request\r\n"},
			{"*" + strings.Repeat("1", tooLong), "-ERR Protocol error: too big mbulk count string\r\n"},
			{"*1\r\n$" + strings.Repeat("1", tooLong), "-ERR Protocol error: too big bulk count string\r\n"},
		} {
			t.Run(fmt.Sprintf("%.20q", test.in), func(t *testing.T) {
				c := k.dial()
				c.t = t
				c.send("PING\r\n")
				c.expect("+PONG\r\n")
				c.send(test.in)
				c.expect(test.want)
				c.expectEnd()
			})
		}
		k.dial().ask("PING\r\n", "+PONG\r\n")
	})
}

// What comes before a protocol error in the same packet is executed.
func TestRequestsBeforeAProtocolError(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		c.send(request("SET", "k", "v") + "*1\r\n$x\r\n" + request("SET", "k", "w"))
		c.expect("+OK\r\n-ERR Protocol error: invalid bulk length\r\n")
		c.expectEnd()
		k.dial().ask("GET k\r\n", "$1\r\nv\r\n")
	})
}

func TestInlineCommands(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		c.ask("SET k \"a \\x41\\n\"\r\n", "+OK\r\n")
		c.ask("get k\n", "$4\r\na A\n\r\n")
		c.ask("\r\n\r\n  \r\nECHO 'it\\'s'\r\n", "$4\r\nit's\r\n")
		c.ask("*0\r\nPING\r\n", "+PONG\r\n")
		c.ask("nonsense\r\n", "-ERR unknown command 'nonsense', with args beginning with: \r\n")
	})
}

// However a request is cut, the replies are the same.
func TestRequestByteByByte(t *testing.T) {
	in := request("SET", "k", "line\r\nbreak") + "GET k\r\n" + request("RPUSH", "l", "a", "", "c") +
		request("LRANGE", "l", "0", "-1") + "*0\r\n" + request("HSET", "h", "f") + request("PING")
	want := "+OK\r\n" + bulk("line\r\nbreak") + ":3\r\n*3\r\n" + bulk("a") + bulk("") + bulk("c") +
		"-ERR wrong number of arguments for 'hset' command\r\n+PONG\r\n"
	onEach(t, func(t *testing.T, k *kvd) {
		for _, step := range []int{1, 2, 3, 7, 50, len(in)} {
			k.dial().ask("FLUSHALL\r\n", "+OK\r\n")
			c := k.dial()
			for rest := in; rest != ""; {
				n := min(step, len(rest))
				c.send(rest[:n]) // without Nagle's delay: Go turns it off
				rest = rest[n:]
			}
			c.expect(want)
		}
	})
}

// A client that has said its last word still gets its replies, however many.
func TestHalfClosedClientGetsItsReplies(t *testing.T) {
	onEach(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		value := strings.Repeat("v", 10_000)
		c.send(request("SET", "k", value))
		const gets = 2000 // 20 MB of replies
		c.send(strings.Repeat("GET k\r\n", gets))
		c.closeWrite()
		c.expect("+OK\r\n")
		want := bulk(value)
		for range gets {
			c.expect(want)
		}
		c.expectEnd()
	})
}

// A request that never ends in its header, or in a line, is refused when it is
// longer than any good one; nobody waits for more.
func TestEndlessHeader(t *testing.T) {
	needProc(t)
	for _, d := range setups {
		for _, start := range []string{"*", "*1\r\n$", "GET "} {
			t.Run(fmt.Sprintf("%s/%q", d, start), func(t *testing.T) {
				k := startPlain(t, d)
				k.dial().ask("PING\r\n", "+PONG\r\n")
				before, _ := k.memory()
				c := k.dial()
				c.send(start)
				digits := strings.Repeat("1", 64<<10)
				for sent := 0; ; sent += len(digits) {
					if _, err := io.WriteString(c, digits); err != nil {
						break // hung up on
					}
					if sent > 64<<20 {
						t.Fatal("the server takes it forever")
					}
				}
				c.expectGone()
				if _, peak := k.memory(); peak-before > 8<<20 {
					t.Errorf("it grew by %d KiB", (peak-before)>>10)
				}
				k.dial().ask("PING\r\n", "+PONG\r\n")
			})
		}
	}
}

// The length that a client announces costs nothing until the bytes come.
func TestAnnouncedBulksCostNothing(t *testing.T) {
	needProc(t)
	for _, d := range setups {
		t.Run(d, func(t *testing.T) {
			k := startPlain(t, d)
			k.dial().ask("PING\r\n", "+PONG\r\n")
			before, _ := k.memory()
			var held []*raw
			for range 100 {
				c := k.dial()
				c.send("PING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nbeginning")
				c.expect("+PONG\r\n") // so the rest of the packet was read, too
				held = append(held, c)
			}
			_, peak := k.memory()
			t.Logf("100 announced bulks of 512 MiB: %d KiB", (peak-before)>>10)
			if peak-before > 8<<20 {
				t.Errorf("it grew by %d KiB", (peak-before)>>10)
			}
			for _, c := range held {
				c.Close()
			}
		})
	}
}
