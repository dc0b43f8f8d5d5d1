//go:build unix

package clienttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// A crashClient does the same steps again and again; each has five writes. With
// two cores the keys are of both, but for those of the transaction.
type crashClient struct {
	id      string
	divided bool // a step may be done by one shard and not by the other
	sent    int
	acked   atomic.Int64

	// What the latest check found: so many steps, and, if it is divided, in
	// each of the keys how many.
	done              int
	count, list, pair int
}

const writesOfStep = 5

// run sends pipelines of steps until the connection ends.
func (c *crashClient) run(k *kvd) error {
	conn, err := net.Dial("tcp", k.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	replies := bufio.NewReader(conn)
	for {
		depth := 1 + c.sent%7
		var b strings.Builder
		for range depth {
			c.sent++
			n := strconv.Itoa(c.sent)
			b.WriteString(request("INCR", "count"+c.id) + request("RPUSH", "list"+c.id, n) +
				request("MULTI") + request("INCR", "{"+c.id+"}a") + request("INCR", "{"+c.id+"}b") + request("EXEC") +
				request("SET", "set"+c.id+":"+n, n))
		}
		if _, err := io.WriteString(conn, b.String()); err != nil {
			return c.ended(err)
		}
		for n := c.sent - depth - c.done + 1; n <= c.sent-c.done; n++ {
			want := fmt.Sprintf(":%d\r\n:%d\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:%d\r\n:%d\r\n+OK\r\n", c.count+n, c.list+n, c.pair+n, c.pair+n)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(replies, got); err != nil {
				return c.ended(err)
			}
			if string(got) != want {
				return fmt.Errorf("client %s is told %q, want %q", c.id, got, want)
			}
			c.acked.Add(1)
		}
	}
}

// ended tells the end of the connection from what should not be.
func (c *crashClient) ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// check compares what there is with what the client was told, and goes on from
// there. What was sent and not acknowledged may be there or not, for each shard.
func (c *crashClient) check(ctx context.Context, rdb *redis.Client) error {
	defer rdb.Close()
	acked := int(c.acked.Load()) - c.done
	var problem error
	// steps returns how many steps since the last check a key shows.
	steps := func(what string, n, before int) int {
		if n -= before; (n < acked || n > c.sent-c.done) && problem == nil {
			problem = fmt.Errorf("%d steps were acknowledged and %d sent, but %d are in %s", acked, c.sent-c.done, n, what)
		}
		return n
	}
	number := func(key string) int {
		n, err := rdb.Get(ctx, key).Int()
		if err != nil && err != redis.Nil {
			problem = err
		}
		return n
	}
	list, err := rdb.LRange(ctx, "list"+c.id, 0, -1).Result()
	if err != nil {
		return err
	}
	count, pair, b := number("count"+c.id), number("{"+c.id+"}a"), number("{"+c.id+"}b")
	done := steps("the count", count, c.count)
	inPair, inList := steps("the transactions", pair, c.pair), steps("the list", len(list), c.list)
	switch {
	case problem != nil:
		return problem
	case pair != b:
		return fmt.Errorf("the transactions are done %d and %d times", pair, b)
	case !c.divided && (inPair != done || inList != done):
		return fmt.Errorf("of %d steps there are %d transactions and %d elements", done, inPair, inList)
	}
	for i, n := range list[c.list:] {
		if want := c.done + i + 1; n != strconv.Itoa(want) {
			return fmt.Errorf("element %d of the list is %s, want %d", c.list+i+1, n, want)
		}
	}
	cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n := c.done + 1; n <= c.sent; n++ {
			p.Get(ctx, "set"+c.id+":"+strconv.Itoa(n))
		}
		return nil
	})
	if err != nil && err != redis.Nil {
		return err
	}
	for i, cmd := range cmds {
		step, got := i+1, cmd.(*redis.StringCmd).Val()
		want := strconv.Itoa(c.done + step)
		there, known := step <= done, !c.divided || step <= acked
		if got != want && got != "" || known && (got == want) != there {
			return fmt.Errorf("key %d of %d is %q", step, done, got)
		}
	}
	c.done, c.count, c.list, c.pair = c.sent, count, len(list), pair
	c.acked.Store(int64(c.done))
	return nil
}
