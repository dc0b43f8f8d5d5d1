package bench

import "time"

// batchSize is how many operations are timed together.
const batchSize = 500

// batchTimes times short batches of operations between two cores, for a median.
// While one of two that spin has lost its core the other one waits for
// milliseconds, and on a busy machine the mean would tell of nothing else.
type batchTimes struct {
	times []float64 // of each batch, per operation
	n     int
	began time.Time
}

// newBatchTimes has room for n operations, and begins.
func newBatchTimes(n int) batchTimes {
	return batchTimes{times: make([]float64, 0, n/batchSize+1), began: time.Now()}
}

// one says that one more operation is done.
func (b *batchTimes) one() {
	if b.n++; b.n%batchSize != 0 {
		return
	}
	now := time.Now()
	b.times = append(b.times, float64(now.Sub(b.began))/batchSize)
	b.began = now
}

// report puts the median into m's sample, without the pause that each operation
// had. With less than one batch the mean stays.
func (b *batchTimes) report(m *Meter, pause time.Duration) {
	if len(b.times) > 0 {
		m.Sample.NsPerOp = round(median(b.times))
		m.Sample.CPUNsPerOp = 0 // of all batches, and so of something else
	}
	m.Sample.NsPerOp = round(m.Sample.NsPerOp - float64(pause))
}
