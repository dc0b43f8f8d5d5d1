package bench

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

var echoIdle = Benchmark{
	Name:  "echo_idle",
	Work:  "TCP echo server with 10 000 idle connections from another process, 5 s of quiet; then 64 busy ones, 64 B messages, depth 1",
	Op:    "a message of a busy connection; bytes/op is the growth of HeapAlloc after a forced GC per idle connection",
	Size:  200_000, // messages
	Runs:  OwnProcessOneCPU,
	Count: 3,
	Impls: needProcesses([]Impl{
		{Name: "task", How: "netio, PollRead and PollWriteAll, one buffer for all", Run: echoWith(serveTasks), Goal: Goal{Bytes: 1024, IdleMsPer: 10}},
		{Name: "fiber", How: "netio, Read and Write, a 4 KiB buffer each", Run: echoWith(serveFibers)},
		{Name: "goroutine", How: "package net, a goroutine and a 4 KiB buffer each", Run: echoWith(serveGoroutines)},
	}),
}

// needProcesses takes the implementations out where the load generator can't be
// a process of its own.
func needProcesses(impls []Impl) []Impl {
	if !canStart {
		for i := range impls {
			impls[i].Run = nil
			impls[i].Absent = "needs processes and sockets, which " + runtime.GOOS + " has not"
		}
	}
	return impls
}

const (
	idleConns = 10_000
	busyConns = 64
	quiet     = 5000 // milliseconds
)

// An echoServer is one that has been started.
type echoServer struct {
	addr string
	open func() int // connections that are served now
	stop func() error
}

// echoWith returns the repetition for a kind of server.
func echoWith(serve func() (*echoServer, error)) func(*Meter) error {
	return func(m *Meter) (err error) {
		idle := m.scaled(idleConns, 50)
		if err := raiseFiles(uint64(idle + busyConns + 100)); err != nil {
			return fmt.Errorf("%d descriptors are needed: %w", idle+busyConns+100, err)
		}
		s, err := serve()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		load, err := startClient(m.job, clientJob{Addr: s.addr, Idle: idle, Busy: busyConns, Messages: m.Size})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, load.stop()) }()
		return m.echo(s, load, idle)
	}
}

// echo measures a server that runs, with a load generator that has not begun.
func (m *Meter) echo(s *echoServer, load *loadClient, idle int) error {
	heap, resident := heapNow(), currentRSS()
	if err := load.step(stepIdle); err != nil {
		return err
	}
	if err := settled("the number of connections", s.open, idle); err != nil {
		return err
	}
	perConn := float64(heapNow()-heap) / float64(idle)
	m.Sample.RSSBytes = max(0, currentRSS()-resident)

	if ms, known := m.quiet(); known {
		m.Sample.IdleCPUms = &ms
	}
	if err := same("the number of connections after the quiet time", s.open(), idle); err != nil {
		return err
	}

	if err := load.step(stepBusy); err != nil {
		return err
	}
	m.Start()
	err := load.step(stepGo)
	wall := m.Stop(m.Size)
	if err != nil {
		return err
	}
	m.Sample.BytesPerOp = round(perConn)
	m.perSecond(wall)
	m.Sample.P50us, m.Sample.P99us, m.Sample.P999us = load.last.P50us, load.last.P99us, load.last.P999us
	return same("the number of messages", load.last.Messages, m.Size)
}

// heapNow is HeapAlloc after a forced collection. FreeOSMemory is one that also
// leaves nothing for the scavenger to do, which would count as our CPU time.
func heapNow() int64 {
	runtime.GC() // what a finalizer or a pool keeps for one cycle
	debug.FreeOSMemory()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}

// quiet returns the CPU time in milliseconds that we use per second in which
// nobody wants anything.
func (m *Meter) quiet() (ms float64, known bool) {
	time.Sleep(50 * time.Millisecond) // for what the collection has left
	before, _ := cpuTime()
	start := time.Now()
	time.Sleep(time.Duration(m.scaled(quiet, 50)) * time.Millisecond)
	after, known := cpuTime()
	return round(float64(after-before) / 1e6 / time.Since(start).Seconds()), known
}

// settled waits until count returns want; a server may learn of a connection
// after the client.
func settled(what string, count func() int, want int) error {
	for end := time.Now().Add(5 * time.Second); count() != want && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	return same(what, count(), want)
}
