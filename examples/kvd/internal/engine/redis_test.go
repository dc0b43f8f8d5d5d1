package engine

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTranscriptsOnRedis replays the transcripts to a real Redis.
func TestTranscriptsOnRedis(t *testing.T) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server to compare with")
	}
	addr := startRedis(t, server)
	for _, name := range transcripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			r := &redisReplay{addr: addr, conns: map[int]net.Conn{}}
			defer r.close()
			r.do(t, &step{client: 0, text: "FLUSHALL"}, 1)
			for _, s := range readTranscript(t, name) {
				want := replies(s.want)
				got := lines(r.do(t, s, want))
				if s.local || s.directive && strings.HasPrefix(s.text, "advance ") {
					continue
				}
				expected := slices.Clone(s.want)
				if s.unordered {
					slices.Sort(got)
					slices.Sort(expected)
				}
				if !slices.Equal(got, expected) {
					t.Errorf("%s\n redis %q\nengine %q", s.request, got, expected)
				}
			}
		})
	}
}

// startRedis runs a server on a unix socket until the end of the test: nobody else
// can have taken that, as a port that was free a moment ago.
func startRedis(t *testing.T, server string) (addr string) {
	t.Helper()
	dir := t.TempDir()
	addr = filepath.Join(dir, "redis.sock")
	cmd := exec.Command(server, "--port", "0", "--unixsocket", addr, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Skip("redis-server does not start:", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("unix", addr); err == nil {
			c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Skip("redis-server does not answer on", addr)
	return ""
}

type redisReplay struct {
	addr  string
	conns map[int]net.Conn
}

func (r *redisReplay) close() {
	for _, c := range r.conns {
		c.Close()
	}
}

// do sends a step and reads the replies it should have, so many.
func (r *redisReplay) do(t *testing.T, s *step, want int) []byte {
	t.Helper()
	c := r.conns[s.client]
	if c == nil {
		var err error
		if c, err = net.Dial("unix", r.addr); err != nil {
			t.Fatal(err)
		}
		r.conns[s.client] = c
	}
	if in := s.input(t); in != nil {
		if _, err := c.Write(in); err != nil {
			return fmt.Appendf(nil, "%v", err)
		}
	}
	var got []byte
	buf := make([]byte, 64<<10)
	c.SetReadDeadline(time.Now().Add(30 * time.Second)) // reached only if there are too few replies
	for replies(lines(got)) < want {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			break
		}
	}
	return got
}

// replies counts the complete replies of which these are the lines.
func replies(lines []string) (n int) {
	for len(lines) > 0 {
		var ok bool
		if lines, ok = cutReply(lines); !ok {
			break
		}
		n++
	}
	return n
}

// cutReply removes one reply. A string with line breaks in it is counted by
// the length that its header tells.
func cutReply(lines []string) (rest []string, ok bool) {
	if len(lines) == 0 {
		return nil, false
	}
	head := lines[0]
	lines = lines[1:]
	n, _ := strconv.Atoi(head[1:])
	switch head[0] {
	case '%':
		n *= 2
	case '*', '~', '>':
	case '$', '=':
		if n < 0 {
			return lines, true
		}
		for size := -2; size < n; { // CRLFs stand between the lines
			if len(lines) == 0 {
				return nil, false
			}
			size += 2 + plainLen(lines[0])
			lines = lines[1:]
		}
		return lines, true
	default:
		return lines, true
	}
	for range n {
		if lines, ok = cutReply(lines); !ok {
			return nil, false
		}
	}
	return lines, true
}

// plainLen is the length that an escaped line had.
func plainLen(line string) int {
	if line == `""` {
		return 0
	}
	return len(line) - 3*bytes.Count([]byte(line), []byte(`\x`))
}
