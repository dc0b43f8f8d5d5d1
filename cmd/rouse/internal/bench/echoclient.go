package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The load generator of the echo benchmarks: plain Go, in a process of its own.
// It does a step for each line it reads, and answers with a line.

// A clientJob is what the load generator is started with.
type clientJob struct {
	Addr       string
	Idle, Busy int  // connections
	Messages   int  // of all busy connections together
	Warm       int  // as many more before, as part of the step busy
	Bare       bool // without Go's network runtime, where that is possible
}

const (
	stepIdle = "idle" // open the idle connections, one message each
	stepBusy = "busy" // open the busy ones
	stepGo   = "go"   // send and receive
)

// loadAnswer is the answer to a step.
type loadAnswer struct {
	Error    string `json:",omitempty"`
	Messages int
	P50us    float64
	P99us    float64
	P999us   float64
}

const messageBytes = 64

// run is the load generator.
func (j *clientJob) run(in io.Reader, out io.Writer) error {
	if err := raiseFiles(uint64(j.Idle + j.Busy + 100)); err != nil {
		return err
	}
	var idle, busy []*loadConn
	enc := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var a loadAnswer
		var err error
		switch step := lines.Text(); step {
		case stepIdle:
			idle, err = openAll(j.Addr, j.Idle)
		case stepBusy:
			if busy, err = openAll(j.Addr, j.Busy); err == nil && j.Warm > 0 {
				_, err = j.load(busy, j.Warm)
			}
		case stepGo:
			a, err = j.load(busy, j.Messages)
		default:
			err = errors.New("unknown step " + step)
		}
		if err != nil {
			a.Error = err.Error()
		}
		if err := enc.Encode(a); err != nil {
			return err
		}
	}
	for _, c := range append(idle, busy...) {
		c.Close()
	}
	return lines.Err()
}

// loadConn is a connection with its next message.
type loadConn struct {
	net.Conn
	next      uint64
	out, back [messageBytes]byte
}

// exchange sends a message and checks what comes back.
func (c *loadConn) exchange() error {
	c.next++
	binary.LittleEndian.PutUint64(c.out[:], c.next)
	if _, err := c.Write(c.out[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, c.back[:]); err != nil {
		return err
	}
	if !bytes.Equal(c.out[:], c.back[:]) {
		return errors.New("wrong result: the echo differs from the message")
	}
	return nil
}

// openAll opens n connections, a few at a time, and exchanges one message on
// each, so that it is known to be served.
func openAll(addr string, n int) ([]*loadConn, error) {
	conns := make([]*loadConn, n)
	errs := make([]error, min(n, 16))
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += len(errs) {
				conns[i], errs[w] = openOne(addr, i)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return conns, nil
}

func openOne(addr string, i int) (*loadConn, error) {
	nc, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		return nil, err
	}
	// Reset at the end instead of leaving the port in TIME_WAIT: repetitions
	// would use up the ports.
	_ = nc.(*net.TCPConn).SetLinger(0)
	c := &loadConn{Conn: nc}
	binary.LittleEndian.PutUint64(c.out[8:], uint64(i))
	return c, c.exchange()
}

func (j *clientJob) load(conns []*loadConn, n int) (loadAnswer, error) {
	if j.Bare {
		return bareLoad(conns, n)
	}
	return load(conns, n)
}

// load exchanges n messages on conns, each as fast as it can.
func load(conns []*loadConn, n int) (loadAnswer, error) {
	took := make([][]time.Duration, len(conns))
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, c := range conns {
		share := n / len(conns)
		if i < n%len(conns) {
			share++
		}
		took[i] = make([]time.Duration, 0, share)
		wg.Go(func() {
			for range share {
				start := time.Now()
				if errs[i] = c.exchange(); errs[i] != nil {
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return answer(all), errors.Join(errs...)
}

// answer sums up how long the messages took, sorted.
func answer(took []time.Duration) loadAnswer {
	at := func(q float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return float64(took[int(q*float64(len(took)-1))]) / 1e3
	}
	return loadAnswer{Messages: len(took), P50us: at(0.5), P99us: at(0.99), P999us: at(0.999)}
}

// loadClient is the load generator seen from the server's process.
type loadClient struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
	last loadAnswer
}

// startClient starts the load generator on the CPUs that we don't use.
func startClient(j *job, c clientJob) (*loadClient, error) {
	cmd, err := (&job{Client: &c}).command(context.Background(), false)
	if err != nil {
		return nil, err
	}
	if len(j.Rest) > 0 {
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(len(j.Rest)))
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startOn(j.Rest, cmd.Start); err != nil {
		return nil, fmt.Errorf("can't start the load generator: %w", err)
	}
	return &loadClient{cmd: cmd, in: in, out: json.NewDecoder(out)}, nil
}

// step has the load generator do something and waits for its answer.
func (l *loadClient) step(step string) error {
	if _, err := io.WriteString(l.in, step+"\n"); err != nil {
		return fmt.Errorf("load generator: %w", err)
	}
	l.last = loadAnswer{}
	if err := l.out.Decode(&l.last); err != nil {
		return fmt.Errorf("load generator: %w", err)
	}
	if l.last.Error != "" {
		return errors.New("load generator: " + l.last.Error)
	}
	return nil
}

// stop ends the load generator; it goes by itself when its input ends, also if
// we are killed.
func (l *loadClient) stop() error {
	l.in.Close()
	return l.cmd.Wait()
}
