package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

var fileRead4K = Benchmark{
	Name:  "file_read_4k",
	Work:  "random direct reads of 4 KiB from a file of 256 MiB, 64 at a time; ratios are of CPU time",
	Op:    "a read",
	Size:  32_000, // reads
	Impls: fileReads(),
}

const (
	readBlock  = 4096
	readDepth  = 64
	readBlocks = 256 << 20 / readBlock
)

// fileReads is the implementations that this system can have.
func fileReads() []Impl {
	impls := []Impl{
		{Name: "epoll", How: "fileio, 64 tasks, each a Transfer; driver epoll with its default of threads for files", Run: readsOn("epoll")},
		{Name: "uring", How: "the same with driver uring", Run: readsOn("uring"), Goal: Goal{Ratio: 0.5}},
		{Name: "goroutine", How: "64 goroutines in os.File.ReadAt", Run: readGoroutines},
	}
	drivers := strings.Split(executor.DriverNames(), ", ")
	for i := range impls {
		switch im := &impls[i]; {
		case !canDirect:
			im.Run, im.Absent = nil, "needs O_DIRECT, which "+runtime.GOOS+" has not"
		case im.Name != baseline && !hasName(drivers, im.Name):
			im.Run, im.Absent = nil, "there is no driver "+im.Name+" here, only "+executor.DriverNames()
		}
	}
	return impls
}

func hasName(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// A dataFile is the file that is read: block i begins and ends with i. It has no
// name any more, so nothing is left of it when the process has ended, however
// that came about.
type dataFile struct {
	file   *os.File
	blocks int
}

// path opens the file once more.
func (d *dataFile) path() string { return fmt.Sprintf("/proc/self/fd/%d", d.file.Fd()) }

// data makes the file, once in each process.
var data = struct {
	sync.Mutex
	*dataFile
}{}

// theData returns the file, of the job's size.
func (m *Meter) theData() (*dataFile, error) {
	data.Lock()
	defer data.Unlock()
	if data.dataFile != nil {
		return data.dataFile, nil
	}
	scale := 1.0
	if m.job != nil {
		scale = m.job.Scale
	}
	blocks := max(readDepth, int(readBlocks*scale))
	var tried []error
	for _, dir := range []string{os.TempDir(), "."} {
		f, err := makeData(dir, blocks)
		if err == nil {
			data.dataFile = f
			return f, nil
		}
		tried = append(tried, err)
	}
	return nil, fmt.Errorf("no folder for a file to be read with O_DIRECT; set TMPDIR to one on a disk: %w", errors.Join(tried...))
}

func makeData(dir string, blocks int) (*dataFile, error) {
	if err := onDisk(dir); err != nil {
		return nil, err
	}
	named, err := os.CreateTemp(dir, "rouse-bench-*")
	if err != nil {
		return nil, err
	}
	defer named.Close()
	f, err := openDirect(named.Name())
	err = errors.Join(err, os.Remove(named.Name()))
	if err != nil {
		return nil, err
	}
	piece := fileio.NewBuffer(256 * readBlock)
	defer piece.Free()
	for at := 0; at < blocks; at += 256 {
		n := min(256, blocks-at)
		for i := range n {
			stamp(piece.Bytes()[i*readBlock:][:readBlock], at+i)
		}
		if _, err := f.WriteAt(piece.Bytes()[:n*readBlock], int64(at)*readBlock); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return &dataFile{f, blocks}, f.Sync()
}

// stamp marks a block with its number.
func stamp(block []byte, i int) {
	binary.LittleEndian.PutUint64(block, uint64(i))
	binary.LittleEndian.PutUint64(block[readBlock-8:], ^uint64(i))
}

// stamped checks that block is number i.
func stamped(block []byte, i int) error {
	if a, b := binary.LittleEndian.Uint64(block), binary.LittleEndian.Uint64(block[readBlock-8:]); a != uint64(i) || b != ^uint64(i) {
		return fmt.Errorf("wrong result: block %d holds %d and %d", i, a, ^b)
	}
	return nil
}

// share is how many of m.Size reads the worker i does, and his random numbers.
func share(m *Meter, i int) (n int, rng *rand.Rand) {
	n = m.Size / readDepth
	if i < m.Size%readDepth {
		n++
	}
	return n, rand.New(rand.NewPCG(uint64(i), uint64(m.Sample.Rep)))
}

// randomReads is a task that reads left blocks, one after another.
type randomReads struct {
	data     *dataFile
	rng      *rand.Rand
	buf      *fileio.Buffer
	read     *fileio.Transfer
	block    int
	underWay bool
	left     int
	done     int
}

func (r *randomReads) Poll(cx *rouse.Context) (int, error) {
	for ; r.left > 0; r.left-- {
		if !r.underWay {
			r.block = r.rng.IntN(r.data.blocks)
			r.read.Reset(r.buf, int64(r.block)*readBlock)
			r.underWay = true
		}
		if _, err := r.read.Poll(cx); err != nil {
			return 0, err
		}
		r.underWay = false
		if err := stamped(r.buf.Bytes(), r.block); err != nil {
			return 0, err
		}
		r.done++
	}
	r.buf.Free()
	return r.done, nil
}

func (r *randomReads) Drop() {
	if r.underWay {
		r.read.Drop()
	}
}

// readsOn returns the repetition on the named driver.
func readsOn(driverName string) func(*Meter) error {
	return func(m *Meter) error {
		d, err := m.theData()
		if err != nil {
			return err
		}
		return onGoroutine(func() error {
			drv, err := executor.OpenDriver(driverName)
			if err != nil {
				return err
			}
			l, err := executor.New(executor.Config{Name: "bench", Driver: drv})
			if err != nil {
				return errors.Join(err, drv.Close())
			}
			return errors.Join(readTasks(m, l, d), l.Close())
		})
	}
}

func readTasks(m *Meter, l *executor.Local, d *dataFile) error {
	f, err := executor.RunUntil(l, rouse.Future[*fileio.File](fileio.Opener{Direct: true}.NewOpen(d.path())))
	if err != nil {
		return err
	}
	defer f.Close()
	all := func(size int) (int, error) {
		hs := make([]rouse.JoinHandle[int], readDepth)
		for i := range hs {
			r := &randomReads{data: d, buf: fileio.NewBuffer(readBlock), read: f.NewRead(nil, 0)}
			if r.left, r.rng = share(m, i); size == 0 {
				r.left = 1
			}
			hs[i] = executor.Spawn[int](l, r)
		}
		return executor.RunUntil[int](l, &joinAll{hs: hs})
	}
	if _, err := all(0); err != nil { // starts what has to be started
		return err
	}
	m.Start()
	sum, err := all(m.Size)
	wall := m.Stop(m.Size)
	if err != nil {
		return err
	}
	m.perSecond(wall)
	return same("the number of reads", sum, m.Size)
}

func readGoroutines(m *Meter) error {
	d, err := m.theData()
	if err != nil {
		return err
	}
	f, err := openDirect(d.path())
	if err != nil {
		return err
	}
	defer f.Close()
	return onGoroutine(func() error {
		begin := make(chan struct{})
		results := make(chan error, readDepth)
		var ready sync.WaitGroup
		for i := range readDepth {
			ready.Add(1)
			go func() {
				buf := fileio.NewBuffer(readBlock)
				defer buf.Free()
				n, rng := share(m, i)
				_, err := f.ReadAt(buf.Bytes(), 0) // starts what has to be started
				ready.Done()
				<-begin
				for ; n > 0 && err == nil; n-- {
					block := rng.IntN(d.blocks)
					if _, err = f.ReadAt(buf.Bytes(), int64(block)*readBlock); err == nil {
						err = stamped(buf.Bytes(), block)
					}
				}
				results <- err
			}()
		}
		ready.Wait()
		m.Start()
		close(begin)
		var errs []error
		for range readDepth {
			errs = append(errs, <-results)
		}
		wall := m.Stop(m.Size)
		m.perSecond(wall)
		return errors.Join(errs...)
	})
}
