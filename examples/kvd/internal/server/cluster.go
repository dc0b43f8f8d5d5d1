package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// A Cluster is servers that share a key space, one on each executor of a pool.
// Each has a shard of the keys, accepts connections, and serves them: what they
// ask of another shard's keys goes there through a mesh and comes back.
type Cluster struct{ servers []*Server }

// StartCluster listens and serves on all executors of pool, until that ends. It
// is for the goroutine of a main function.
func StartCluster(ctx context.Context, pool *executor.Pool, cfg Config) (*Cluster, error) {
	return startCluster(ctx, pool, cfg, meshCapacity)
}

func startCluster(ctx context.Context, pool *executor.Pool, cfg Config, capacity int) (*Cluster, error) {
	network, err := cfg.complete()
	switch {
	case err != nil:
		return nil, err
	case pool.Len() > engine.MaxShards:
		return nil, fmt.Errorf("kvd: %d shards are too many (give at most %d)", pool.Len(), engine.MaxShards)
	case cfg.Data.Dir != "":
		return nil, errors.New("kvd: data on disk with several cores is not supported yet (leave out -data, or -cores)")
	}
	if network == "tcp" {
		if cfg.Address, err = vacant(ctx, cfg.Address); err != nil {
			return nil, cfg.cantListen(err)
		}
	}
	if cfg.Engine.Start == 0 {
		cfg.Engine.Start = pool.At(0).Driver().Wall().UnixMilli()
	}
	c := &Cluster{}
	mesh := channel.FullMesh[message](capacity, pool.Executors())
	clients := &admission{}
	share := network == "tcp"
	for i, ex := range pool.Executors() {
		start := rouse.FutureFunc[*Server](func(cx *rouse.Context) (*Server, error) {
			return startShard(cx, ex, cfg, network, share, mesh.Port(i), clients)
		})
		srv, err := executor.Spawn(ex, rouse.Future[*Server](start)).Join(ctx)
		if i == 0 && share && errors.Is(err, driver.ErrNotSupported) {
			cfg.Log.Info("kvd: the first core accepts all connections", "err", err)
			share = false
			srv, err = executor.Spawn(ex, rouse.Future[*Server](start)).Join(ctx)
		}
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, srv)
	}
	return c, nil
}

// Addr returns the address that all listen at.
func (c *Cluster) Addr() net.Addr { return c.servers[0].Addr() }

// vacant makes sure that nobody listens at a TCP address, since those who share a
// port would otherwise share it with a stranger, and returns the address with the
// port that the system has chosen, if it was to.
func vacant(ctx context.Context, address string) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return address, err
	}
	host, _, _ := net.SplitHostPort(address)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(host, port), l.Close()
}

// startShard starts one of the servers, in a task of its executor. If the address
// can't be shared, as that of a unix socket, the first one accepts all connections.
func startShard(cx *rouse.Context, ex *executor.Local, cfg Config, network string, share bool, port *channel.Port[message], clients *admission) (*Server, error) {
	var l *netio.Listener
	if share || port.Index() == 0 {
		lc := netio.ListenConfig{KeepAlive: keepAlive, ReusePort: share}
		var err error
		if l, err = lc.PollListen(cx, network, cfg.Address); err != nil { // never Pending
			return nil, cfg.cantListen(err)
		}
	}
	h := &shard{port: port, outbox: make([][]message, port.Peers()), clients: clients}
	cfg.Engine.Shards, cfg.Engine.Shard = port.Peers(), port.Index()
	cfg.Engine.Forget = func(shard int, client uint64) { h.post(shard, message{kind: forget, client: client}) }
	h.srv = newServer(ex, cfg, l)
	h.srv.shard = h
	h.srv.spawn()
	executor.SpawnDetached(ex, rouse.Future[struct{}](&courier{h: h}), executor.Named("courier"))
	return h.srv, nil
}

// admission counts the clients of all shards.
type admission struct{ n atomic.Int64 }

// enter counts a client, unless there are max already.
func (a *admission) enter(max int) bool {
	if a.n.Add(1) > int64(max) {
		a.n.Add(-1)
		return false
	}
	return true
}

func (a *admission) leave() { a.n.Add(-1) }
