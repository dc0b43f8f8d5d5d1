package clienttest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memoryLimit is what a client that does not read may make kvd grow by.
const memoryLimit = 32 << 20

// A client that pipelines LRANGE and never reads is not read from any more when
// its replies fill the kernel's buffers. The others are served all the time.
func TestPipelineThatIsNeverRead(t *testing.T) {
	needProc(t)
	for _, deaf := range []int{1, 50} {
		for _, d := range few {
			t.Run(strconv.Itoa(deaf)+"/"+d, func(t *testing.T) {
				k := startPlain(t, d)
				other := k.dial()
				other.ask("SET k v\r\n", "+OK\r\n")
				element := strings.Repeat("x", 100)
				for range 100 {
					other.send(request("RPUSH", "list", element))
					other.readLine()
				}
				lrange := request("LRANGE", "list", "0", "99")
				other.ask(lrange, "*100\r\n"+strings.Repeat(bulk(element), 100))
				before, _ := k.memory()

				stalled := make(chan int)
				var clients []*raw
				for range deaf {
					c := k.dial()
					clients = append(clients, c)
					go func() { stalled <- c.stall(lrange) }()
				}
				var times []time.Duration
				sent := 0
				for left := deaf; left > 0; {
					select {
					case n := <-stalled:
						left--
						sent += n
					default:
					}
					began := time.Now()
					other.ask("GET k\r\n", "$1\r\nv\r\n")
					times = append(times, time.Since(began))
				}
				_, peak := k.memory()
				slices.Sort(times)
				t.Logf("%d clients stalled after %d KiB of requests; kvd grew by %d KiB; %d other GETs, median %v, 99%% %v, worst %v",
					deaf, sent>>10, (peak-before)>>10, len(times), times[len(times)/2], times[len(times)*99/100], times[len(times)-1])
				limit := memoryLimit
				if deaf > 1 {
					limit *= 2 // that is little for many
				}
				if peak-before > limit {
					t.Errorf("kvd grew by %d KiB", (peak-before)>>10)
				}
				if worst := times[len(times)-1]; worst > 2*time.Second {
					t.Errorf("another client waited %v", worst)
				}
				// A kill does not wait until they read.
				other.send("CLIENT KILL TYPE normal\r\n")
				other.expect(":" + strconv.Itoa(deaf) + "\r\n")
				for _, c := range clients {
					c.expectGone()
				}
			})
		}
	}
}

// A client that pauses, until kvd does not read it any more, and then reads on,
// gets every reply, and is served as before.
func TestClientThatReadsLate(t *testing.T) {
	onFew(t, func(t *testing.T, k *kvd) {
		c := k.dial()
		value := strings.Repeat("v", 1000)
		c.ask(request("SET", "k", value), "+OK\r\n")
		get := request("GET", "k")
		for range 2 {
			sent := c.stall(get)
			cut := sent % len(get) // of a request that went in part
			for range sent / len(get) {
				c.expect(bulk(value))
			}
			if cut > 0 {
				c.ask(get[cut:], bulk(value))
			}
		}
		c.ask("PING\r\n", "+PONG\r\n")
	})
}

// A subscriber that never reads is closed when too much waits for it.
func TestSubscriberThatNeverReads(t *testing.T) {
	needProc(t)
	for _, size := range []int{10, 64 << 10} {
		for _, d := range few {
			t.Run(strconv.Itoa(size)+"/"+d, func(t *testing.T) {
				k := startPlain(t, d)
				k.expectLog("WARN kvd: client closed: it does not read what it subscribed to")
				subscribed := "*3\r\n" + bulk("subscribe") + bulk("c") + ":1\r\n"
				publisher, reader, deaf := k.dial(), k.dial(), k.dial()
				reader.ask("SUBSCRIBE c\r\n", subscribed)
				batch := max(1, 10_000/size)
				publish := strings.Repeat(request("PUBLISH", "c", strings.Repeat("m", size)), batch)
				message := "*3\r\n" + bulk("message") + bulk("c") + bulk(strings.Repeat("m", size))
				round := func(receivers string) (some bool) {
					publisher.send(publish)
					for range batch {
						some = publisher.readLine() == receivers || some
						reader.expect(message)
					}
					return some
				}
				if !round(":1") {
					t.Fatal("the reader gets nothing")
				}
				before, _ := k.memory()
				deaf.ask("SUBSCRIBE c\r\n", subscribed)
				sent := 0
				for ; round(":2"); sent += batch * size {
					if sent > 256<<20 {
						t.Fatal("the subscriber is never closed")
					}
				}
				_, peak := k.memory()
				t.Logf("closed after %d KiB; kvd grew by %d KiB", sent>>10, (peak-before)>>10)
				if peak-before > memoryLimit {
					t.Errorf("kvd grew by %d KiB", (peak-before)>>10)
				}
				deaf.expectGone()
				publisher.send("INFO stats\r\n")
				if got := infoField(publisher.readBulk(), "client_output_buffer_limit_disconnections"); got != "1" {
					t.Errorf("INFO counts %s disconnections", got)
				}
			})
		}
	}
}
