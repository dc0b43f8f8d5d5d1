//go:build !linux

package bench

func bareLoad(conns []*loadConn, n int) (loadAnswer, error) { return load(conns, n) }
