package bench

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rouse-go/rouse/executor"
)

var (
	echo64   = echoBusy(64, 400_000)
	echo1000 = echoBusy(1000, 400_000)
)

// echoBusy is the benchmark of so many busy connections. What counts is the CPU
// time of the server's process; the load generator is another one, on another
// CPU.
func echoBusy(conns, messages int) Benchmark {
	ring := Goal{Beside: []Bound{{To: "epoll", Max: 1.10, Upper: true}}}
	if conns >= 1000 {
		ring.Beside = append(ring.Beside, Bound{To: "net", Max: 1 / 1.2}, Bound{To: "raw", Max: 1 / 0.9})
	}
	impls := []Impl{
		{Name: "uring", How: "netio, a task each, PollRead and PollWriteAll; driver uring", Run: echoBusyWith(conns, onDriver("uring", serveTasks)), Goal: ring},
		{Name: "epoll", How: "the same with driver epoll", Run: echoBusyWith(conns, onDriver("epoll", serveTasks))},
		{Name: "raw", How: "a ring and nothing else: multishot accept and receive, sends in the same call", Run: echoBusyWith(conns, serveRaw), Goal: Goal{Beside: []Bound{{To: "epoll", Max: 1}}}},
		{Name: "net", How: "package net, a goroutine and a 4 KiB buffer each", Run: echoBusyWith(conns, serveGoroutines)},
	}
	drivers := strings.Split(executor.DriverNames(), ", ")
	for i := range impls {
		im := &impls[i]
		need := im.Name
		switch im.Name {
		case "net":
			continue
		case "raw":
			need = "uring"
		}
		if !hasName(drivers, need) {
			im.Run, im.Absent = nil, "there is no driver "+need+" here, only "+executor.DriverNames()
		}
	}
	return Benchmark{
		Name:  fmt.Sprintf("echo_%d", conns),
		Work:  fmt.Sprintf("TCP echo server with %d busy connections from another process on another CPU, 64 B messages, depth 1; ratios are of the server's CPU time", conns),
		Op:    "a message",
		Size:  messages,
		Base:  "net",
		Runs:  OwnProcessOneCPU,
		Impls: needProcesses(impls),
	}
}

// onDriver has serve use a driver.
func onDriver(name string, serve func() (*echoServer, error)) func() (*echoServer, error) {
	return func() (*echoServer, error) {
		if err := os.Setenv("ROUSE_DRIVER", name); err != nil {
			return nil, err
		}
		return serve()
	}
}

func echoBusyWith(conns int, serve func() (*echoServer, error)) func(*Meter) error {
	return func(m *Meter) (err error) {
		if err := raiseFiles(uint64(conns + 100)); err != nil {
			return fmt.Errorf("%d descriptors are needed: %w", conns+100, err)
		}
		s, err := serve()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		// As many warm-up messages as a tenth of the work.
		load, err := startClient(m.job, clientJob{Addr: s.addr, Busy: conns, Messages: m.Size, Warm: m.Size / 10, Bare: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, load.stop()) }()
		if err := load.step(stepBusy); err != nil {
			return err
		}
		m.Start()
		err = load.step(stepGo)
		wall := m.Stop(m.Size)
		if err != nil {
			return err
		}
		m.perSecond(wall)
		m.Sample.P50us, m.Sample.P99us, m.Sample.P999us = load.last.P50us, load.last.P99us, load.last.P999us
		return same("the number of messages", load.last.Messages, m.Size)
	}
}
