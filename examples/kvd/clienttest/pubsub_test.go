package clienttest

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestPublishAndSubscribe(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, _ *kvd) {
		sub := rdb.Subscribe(ctx, "news", "weather")
		defer sub.Close()
		for i, name := range []string{"news", "weather"} {
			wantNext(t, ctx, sub, fmt.Sprintf("subscribe %s %d", name, i+1))
		}
		if err := sub.PSubscribe(ctx, "n?ws", "*"); err != nil {
			t.Fatal(err)
		}
		wantNext(t, ctx, sub, "psubscribe n?ws 3")
		wantNext(t, ctx, sub, "psubscribe * 4")
		want(t, rdb.Publish(ctx, "weather", "rain"), int64(2))
		wantNext(t, ctx, sub, "message weather rain")
		wantNext(t, ctx, sub, "pmessage * weather rain")
		want(t, rdb.Publish(ctx, "news", "\r\n\x00"), int64(3))
		want(t, rdb.PubSubNumSub(ctx, "news", "none"), map[string]int64{"news": 1, "none": 0})
		want(t, rdb.PubSubNumPat(ctx), int64(2))
		want(t, rdb.PubSubChannels(ctx, "w*"), []string{"weather"})
		wantNext(t, ctx, sub, "message news \r\n\x00")
		got := map[string]bool{}
		for range 2 { // in any order
			got[next(t, ctx, sub)] = true
		}
		if !got["pmessage * news \r\n\x00"] || !got["pmessage n?ws news \r\n\x00"] {
			t.Error(got)
		}
		if err := sub.Ping(ctx, "hello"); err != nil {
			t.Fatal(err)
		}
		wantNext(t, ctx, sub, "pong hello")
		if err := sub.Unsubscribe(ctx, "news"); err != nil {
			t.Fatal(err)
		}
		wantNext(t, ctx, sub, "unsubscribe news 3")
		if err := sub.PUnsubscribe(ctx); err != nil {
			t.Fatal(err)
		}
		next(t, ctx, sub)
		next(t, ctx, sub)
		want(t, rdb.Publish(ctx, "news", "nobody"), int64(0))
		sub.Close()
		eventually(t, "the server has noticed that the subscriber left", func() bool {
			return rdb.PubSubNumSub(ctx, "weather").Val()["weather"] == 0
		})
	})
}

// Every subscriber gets every message, in order.
func TestManySubscribers(t *testing.T) {
	onEachClient(t, func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd) {
		const subscribers, messages = 50, 400
		errs := make(chan error)
		ready := make(chan struct{}, subscribers)
		for range subscribers {
			sub := rdb.Subscribe(ctx, "all")
			defer sub.Close()
			go func() {
				if _, err := sub.Receive(ctx); err != nil {
					errs <- err
					return
				}
				ready <- struct{}{}
				for i := range messages {
					m, err := sub.ReceiveMessage(ctx)
					if err == nil && m.Payload != strconv.Itoa(i) {
						err = fmt.Errorf("message %d is %s", i, m.Payload)
					}
					if err != nil {
						errs <- err
						return
					}
				}
				errs <- nil
			}()
		}
		for range subscribers {
			select {
			case <-ready:
			case err := <-errs:
				t.Fatal(err)
			}
		}
		pipelined(t, k.client(2), func(p redis.Pipeliner) {
			for i := range messages {
				p.Publish(ctx, "all", i)
			}
		})
		for range subscribers {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func wantNext(t testing.TB, ctx context.Context, sub *redis.PubSub, wanted string) {
	t.Helper()
	if got := next(t, ctx, sub); got != wanted {
		t.Fatalf("received %q, want %q", got, wanted)
	}
}

// next is the next thing that a subscriber is told.
func next(t testing.TB, ctx context.Context, sub *redis.PubSub) string {
	t.Helper()
	m, err := sub.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	switch m := m.(type) {
	case *redis.Subscription:
		return fmt.Sprintf("%s %s %d", m.Kind, m.Channel, m.Count)
	case *redis.Message:
		if m.Pattern != "" {
			return fmt.Sprintf("pmessage %s %s %s", m.Pattern, m.Channel, m.Payload)
		}
		return fmt.Sprintf("message %s %s", m.Channel, m.Payload)
	case *redis.Pong:
		return "pong " + m.Payload
	}
	return fmt.Sprintf("%#v", m)
}
