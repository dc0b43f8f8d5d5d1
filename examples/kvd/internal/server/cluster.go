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
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// A Cluster is servers that share a key space, one on each executor of a pool.
// Each has a shard of the keys, accepts connections, and serves them: what they
// ask of another shard's keys goes there through a mesh and comes back.
type Cluster struct {
	each    each
	servers []*Server
	dir     *durable.Dir // nil: the data is in memory only
}

// each runs fn in a fiber of every executor and waits for all of them.
type each func(ctx context.Context, fn func(ctx context.Context, i int) error) error

// first is fn for the first executor alone.
func (e each) first(ctx context.Context, fn func(ctx context.Context) error) error {
	return e(ctx, func(ctx context.Context, i int) error {
		if i > 0 {
			return nil
		}
		return fn(ctx)
	})
}

// eachOf is for executors that run.
func eachOf(executors []*executor.Local) each {
	return func(ctx context.Context, fn func(ctx context.Context, i int) error) error {
		var fibers []rouse.JoinHandle[struct{}]
		for i, ex := range executors {
			fibers = append(fibers, executor.SpawnFiber(ctx, ex, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, fn(ctx, i)
			}, executor.Named("cluster")))
		}
		var errs []error
		for _, fiber := range fibers {
			if _, err := fiber.Join(context.Background()); err != nil { // ctx ends the fibers
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
}

// StartCluster listens, reads the data, if there is a directory for it, and serves
// on all executors of pool, until that ends. Clients that connect meanwhile wait.
// The end of ctx ends the reading. It is for the goroutine of a main function.
func StartCluster(ctx context.Context, pool *executor.Pool, cfg Config) (*Cluster, error) {
	network, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if network == "tcp" {
		if err := vacant(ctx, cfg.Address); err != nil {
			return nil, cfg.cantListen(err)
		}
	}
	return startCluster(ctx, pool.Executors(), eachOf(pool.Executors()), cfg, meshCapacity)
}

func startCluster(ctx context.Context, executors []*executor.Local, each each, cfg Config, capacity int) (*Cluster, error) {
	network, err := cfg.complete()
	switch {
	case err != nil:
		return nil, err
	case len(executors) > engine.MaxShards:
		return nil, fmt.Errorf("kvd: %d shards are too many (give at most %d)", len(executors), engine.MaxShards)
	}
	if cfg.Engine.Start == 0 {
		cfg.Engine.Start = executors[0].Driver().Wall().UnixMilli()
	}
	c := &Cluster{each: each}
	listeners, err := c.listen(ctx, cfg, network, len(executors))
	if err != nil {
		return nil, err
	}
	mesh, clients := channel.FullMesh[message](capacity, executors), &admission{}
	for i, ex := range executors {
		c.servers = append(c.servers, newShard(ex, cfg, listeners[i], mesh.Port(i), clients))
	}
	if cfg.Data.Dir != "" {
		err = c.open(ctx, cfg)
	}
	if err == nil {
		err = each(ctx, func(_ context.Context, i int) error {
			c.servers[i].spawn()
			return nil
		})
	}
	if err != nil {
		return nil, errors.Join(err, c.closeListeners(), c.closeDir())
	}
	return c, nil
}

// listen has all executors listen at the same port, which the first one finds if it
// is to be chosen by the system. If the address can't be shared, as that of a unix
// socket, the first one accepts all connections.
func (c *Cluster) listen(ctx context.Context, cfg Config, network string, n int) ([]*netio.Listener, error) {
	listeners := make([]*netio.Listener, n)
	address, share := cfg.Address, network == "tcp"
	listen := func(ctx context.Context, i int) (err error) {
		listeners[i], err = netio.ListenConfig{KeepAlive: keepAlive, ReusePort: share}.Listen(ctx, network, address)
		return err
	}
	first := func(ctx context.Context) error { return listen(ctx, 0) }
	err := c.each.first(ctx, first)
	if share && errors.Is(err, driver.ErrNotSupported) {
		share = false
		cfg.Log.Info("kvd: the first core accepts all connections", "err", driver.ErrNotSupported)
		err = c.each.first(ctx, first)
	}
	if err == nil && share {
		address = samePort(address, listeners[0].Addr())
		err = c.each(ctx, func(ctx context.Context, i int) error {
			if i == 0 {
				return nil
			}
			return listen(ctx, i)
		})
	}
	if err == nil {
		return listeners, nil
	}
	_ = c.each(context.Background(), func(_ context.Context, i int) error {
		if listeners[i] != nil {
			return listeners[i].Close()
		}
		return nil
	})
	return nil, cfg.cantListen(err)
}

// open reads the data.
func (c *Cluster) open(ctx context.Context, cfg Config) (err error) {
	cfg.Data.Log = cfg.Log
	if c.dir, err = durable.Take(cfg.Data); err != nil {
		return err
	}
	err = c.each.first(ctx, func(ctx context.Context) error {
		return c.dir.Arrange(ctx, c.servers[0].ex, len(c.servers))
	})
	if err != nil {
		return err
	}
	err = c.each(ctx, func(ctx context.Context, i int) (err error) {
		s := c.servers[i]
		s.log, err = c.dir.Read(ctx, s.ex, s.engine, i)
		return err
	})
	if err != nil {
		return err
	}
	err = c.each(ctx, func(ctx context.Context, i int) error {
		s := c.servers[i]
		s.log.OnReach(s.release)
		return s.log.Start(ctx)
	})
	if err != nil {
		return err
	}
	return c.each.first(ctx, func(ctx context.Context) error {
		c.dir.Clean(ctx)
		return nil
	})
}

// Shutdown is that of a Server: all shards stop accepting and executing, then all
// logs are made durable, and then the replies leave that waited for that. It is
// for the goroutine that started the Cluster.
func (c *Cluster) Shutdown() error {
	ctx := context.Background()
	err := c.each(ctx, func(_ context.Context, i int) error {
		c.servers[i].ending = true
		return nil
	})
	err = errors.Join(err, c.closeListeners())
	if c.dir != nil {
		err = errors.Join(err, c.each(ctx, func(ctx context.Context, i int) error { return c.servers[i].log.Finish(ctx) }))
	}
	err = errors.Join(err, c.each(ctx, func(ctx context.Context, i int) error { return c.servers[i].drain(ctx) }))
	return errors.Join(err, c.closeDir())
}

func (c *Cluster) closeListeners() error {
	return c.each(context.Background(), func(_ context.Context, i int) error {
		if l := c.servers[i].listener; l != nil {
			return l.Close()
		}
		return nil
	})
}

func (c *Cluster) closeDir() error {
	if c.dir == nil {
		return nil
	}
	return c.dir.Close()
}

// Addr returns the address that all listen at.
func (c *Cluster) Addr() net.Addr { return c.servers[0].Addr() }

// vacant makes sure that nobody listens at a TCP address, since those who share a
// port would otherwise share it with a stranger. One that the system is to choose is
// nobody's.
func vacant(ctx context.Context, address string) error {
	if _, port, _ := net.SplitHostPort(address); port == "0" {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

// samePort is an address with the port of another one.
func samePort(address string, as net.Addr) string {
	host, _, _ := net.SplitHostPort(address)
	_, port, _ := net.SplitHostPort(as.String())
	return net.JoinHostPort(host, port)
}

// newShard makes one of the servers.
func newShard(ex *executor.Local, cfg Config, l *netio.Listener, port *channel.Port[message], clients *admission) *Server {
	h := &shard{port: port, outbox: make([][]message, port.Peers()), clients: clients}
	cfg.Engine.Shards, cfg.Engine.Shard = port.Peers(), port.Index()
	cfg.Engine.Forget = func(shard int, client uint64) { h.post(shard, message{kind: forget, client: client}) }
	h.srv = newServer(ex, cfg, l)
	h.srv.shard = h
	return h.srv
}

// admission counts the clients of all shards.
type admission struct{ n atomic.Int64 }

// enter counts a client, unless there are max already. One that is refused is not
// counted for a moment either, in which another might be refused for it.
func (a *admission) enter(max int) bool {
	for {
		n := a.n.Load()
		if n >= int64(max) {
			return false
		}
		if a.n.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (a *admission) leave() { a.n.Add(-1) }
