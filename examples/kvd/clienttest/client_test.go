package clienttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// onEachClient runs fn as a subtest on every setup and with both versions of the
// protocol, each time with a fresh server.
func onEachClient(t *testing.T, fn func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd)) {
	for _, on := range setups {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/RESP%d", on, protocol), func(t *testing.T) {
				withClient(t, on, protocol, fn)
			})
		}
	}
}

// onFewClients is onEachClient for what takes long: the protocols take turns.
func onFewClients(t *testing.T, fn func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd)) {
	for i, on := range few {
		protocol := 2 + i%2
		t.Run(fmt.Sprintf("%s/RESP%d", on, protocol), func(t *testing.T) { withClient(t, on, protocol, fn) })
	}
}

func withClient(t *testing.T, on string, protocol int, fn func(t *testing.T, ctx context.Context, rdb *redis.Client, k *kvd)) {
	k := start(t, on)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	fn(t, ctx, k.client(protocol), k)
}

// client returns a client that does not try anything twice.
func (k *kvd) client(protocol int, change ...func(*redis.Options)) *redis.Client {
	opt := &redis.Options{
		Network: k.network(), Addr: k.addr, Protocol: protocol,
		MaxRetries: -1, DialerRetries: 1,
		DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience,
	}
	for _, c := range change {
		c(opt)
	}
	rdb := redis.NewClient(opt)
	k.t.Cleanup(func() { rdb.Close() })
	return rdb
}

// result is a command of the client library that has been done.
type result[T any] interface{ Result() (T, error) }

// want demands a result.
func want[T any](t testing.TB, r result[T], wanted T) {
	t.Helper()
	got, err := r.Result()
	if err != nil {
		t.Errorf("%.300v: %v; want %.300v", fmt.Sprint(r), err, fmt.Sprint(wanted))
	} else if got, wanted := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", wanted); got != wanted {
		t.Errorf("%.300v: got %.300s, want %.300s", fmt.Sprint(r), got, wanted)
	}
}

// wantOK demands success.
func wantOK(t testing.TB, r interface{ Err() error }) {
	t.Helper()
	if err := r.Err(); err != nil {
		t.Fatalf("%.300v: %v", fmt.Sprint(r), err)
	}
}

// wantNil demands the reply that stands for nothing.
func wantNil(t testing.TB, r interface{ Err() error }) {
	t.Helper()
	if err := r.Err(); err != redis.Nil {
		t.Errorf("%.300v: %v; want nil", fmt.Sprint(r), err)
	}
}

// wantError demands an error of the server.
func wantError(t testing.TB, r interface{ Err() error }, text string) {
	t.Helper()
	if err := r.Err(); err == nil || err.Error() != text {
		t.Errorf("%.300v: %v; want the error %q", fmt.Sprint(r), err, text)
	}
}
